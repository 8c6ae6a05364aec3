import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { FairleadError } from '../../../lib/errors.ts';
import { machinePlatform } from '../../../lib/image/platform.ts';
import { parseReference, repositoryOf } from '../../../lib/image/reference.ts';
import { writeLayoutDirectory } from '../../../lib/image/write-layout.ts';
import type { Registries } from '../../../lib/registry/registries.ts';
import { renderBytes } from '../../../lib/report/bytes.ts';
import { ownCache } from '../../cache-folder.ts';
import { registerBuild } from '../build.ts';
import { registriesFrom } from '../registries.ts';
import { showError } from '../show-error.ts';
import { goFolderFor } from './go-for.ts';
import { LocalImages } from './images.ts';
import { keepLogin } from './logins.ts';
import { type DockerCall, parseWords } from './words.ts';

/** As docker: of an image that is not there too, by which the CDK tells that it has to be built. */
const FAILED = 1;

interface Surroundings {
  env: NodeJS.ProcessEnv;
  /** Where images and logins are kept. */
  directory: string;
}

/** Does what docker would, for the CDK's publisher. Answers the exit code. */
export async function runDocker(
  words: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const around = { env, directory: join(ownCache(), 'docker') };
  try {
    return await answer(parseWords(words), around);
  } catch (error) {
    showError(error, (line) => console.error(line));
    return FAILED;
  }
}

async function answer(call: DockerCall, around: Surroundings): Promise<number> {
  const images = new LocalImages(around.directory);
  switch (call.does) {
    case 'version':
      console.log('fairlead: stands in for docker while the CDK publishes assets');
      return 0;
    case 'inspect': {
      const image = await images.find(call.name);
      if (image === undefined) return missing(call.name);
      console.log(JSON.stringify([{ Id: image.manifest.config.digest, ...image.config }]));
      return 0;
    }
    case 'tag':
      return (await images.tag(call.source, call.target)) ? 0 : missing(call.source);
    case 'images':
      for (const name of await images.names()) if (isIn(call.tag, name)) console.log(name);
      return 0;
    case 'login': {
      const password = (await text(process.stdin)).replace(/\r?\n$/, '');
      await keepLogin(loginsOf(around), call.host, call.username, password);
      console.log('Login Succeeded');
      return 0;
    }
    case 'build':
      return build(call, images, around);
    case 'push':
      return push(call.name, images, registriesOf(call, around));
    case 'pull':
      return pull(call.name, images, registriesOf(call, around));
  }
}

async function build(
  { args, names, config }: DockerCall & { does: 'build' },
  images: LocalImages,
  around: Surroundings,
): Promise<number> {
  const { env } = around;
  const go = await goFolderFor(args, env);
  if (go !== undefined) env.PATH = `${go}${delimiter}${env.PATH ?? ''}`;
  if (config !== undefined) env.DOCKER_CONFIG = config;
  env.FAIRLEAD_LOGINS = loginsOf(around);
  const workplace = await images.workplace();
  const program = new Command();
  registerBuild(program);
  try {
    // Ends this process where it fails.
    await program.parseAsync(['build', '--output', `oci-dir=${workplace}`, ...args], { from: 'user' });
    await images.add(workplace, names);
    return 0;
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
}

async function push(name: string, images: LocalImages, registries: Registries): Promise<number> {
  const image = await images.find(name);
  if (image === undefined) return missing(name);
  const reference = parseReference(name);
  const tags = [reference.tag ?? 'latest'];
  const { uploadedBytes, totalBytes } = await registries.publish(image, repositoryOf(reference), tags);
  const sent = `${renderBytes(uploadedBytes)} sent of ${renderBytes(totalBytes)}`;
  console.log(`${tags.join()}: digest: ${image.digest} (${sent})`);
  return 0;
}

async function pull(name: string, images: LocalImages, registries: Registries): Promise<number> {
  const workplace = await images.workplace();
  try {
    await writeLayoutDirectory(await registries.resolve(name, machinePlatform()), workplace, [name]);
    console.log(`digest: ${(await images.add(workplace, [name])).digest}`);
    return 0;
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
}

function missing(name: string): number {
  const cause = `there is no image ${name} here`;
  const fault = { code: 'docker/no-image', operation: 'standing in for docker', cause };
  showError(new FairleadError(fault), (line) => console.error(line));
  return FAILED;
}

/** Whether docker would list it for `reference=*\/*:TAG`: a repository of two parts, and that tag. */
function isIn(tag: string, name: string): boolean {
  return name.split('/').length === 2 && name.endsWith(`:${tag}`);
}

function loginsOf({ directory }: Surroundings): string {
  return join(directory, 'logins.json');
}

function registriesOf({ config }: DockerCall, around: Surroundings): Registries {
  const { env } = around;
  return registriesFrom({
    ...env,
    FAIRLEAD_LOGINS: loginsOf(around),
    DOCKER_CONFIG: config ?? env.DOCKER_CONFIG ?? join(homedir(), '.docker'),
  });
}

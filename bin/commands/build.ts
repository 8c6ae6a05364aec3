import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { build } from '../../lib/build/build.ts';
import { BuildFailure } from '../../lib/build/failure.ts';
import { findToolchain } from '../../lib/build/go/toolchain.ts';
import { type ProgressEvent, renderProgress } from '../../lib/build/progress.ts';
import { messageOf } from '../../lib/errors.ts';
import { parsePlatform } from '../../lib/image/platform.ts';
import { parseReference } from '../../lib/image/reference.ts';
import type { Platform } from '../../lib/image/types.ts';
import { dockerConfigCredentials } from '../../lib/registry/docker-config.ts';
import type { Mirrors } from '../../lib/registry/mirrors.ts';
import { Registries } from '../../lib/registry/registries.ts';
import { exportImage, metadataOf, type Output, parseOutput } from './build-output.ts';

interface BuildFlags {
  file?: string;
  tag: string[];
  buildArg: Record<string, string>;
  target?: string;
  platform?: Platform;
  cache: boolean;
  output: Output[];
  metadataFile?: string;
  cacheDir?: string;
}

const USAGE_ERROR = 2;

/** Adds `fairlead build` to the command line: a Dockerfile to an image, without a daemon. */
export function registerBuild(program: Command): void {
  program
    .command('build')
    .description('build an image from a Dockerfile, without a daemon')
    .argument('[context]', 'directory of the build context', '.')
    .option('-f, --file <path>', 'the Dockerfile (default: CONTEXT/Dockerfile)')
    .option('-t, --tag <name>', 'name of the image; may be repeated', tagged, [])
    .option('--build-arg <name=value>', 'value of an ARG; may be repeated', buildArg, {})
    .option('--target <stage>', 'stage to build (default: the last one)')
    .addOption(new Option('--platform <os/arch>', 'what the image is for').argParser(platform))
    .option('--no-cache', 'do every step again')
    .option('--output <what>', 'oci-dir=DIR, oci-archive=FILE or registry; may be repeated', output, [])
    .option('--metadata-file <path>', 'write the digests as JSON, as buildx does')
    .option('--cache-dir <path>', 'what is kept between builds (default: ~/.cache/fairlead)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_ERROR))
    .action(async (context: string, flags: BuildFlags, command: Command) => {
      if (flags.output.some(({ kind }) => kind === 'registry') && flags.tag.length === 0) {
        command.error('error: --output registry needs a name: add -t NAME');
      }
      process.exitCode = await run(context, flags);
    });
}

async function run(context: string, flags: BuildFlags): Promise<number> {
  const { env } = process;
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new Error('interrupted'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const registries = registriesFrom(env);
    const toolchain = findToolchain(env);
    const epoch = env.SOURCE_DATE_EPOCH;
    const image = await build({
      context,
      ...(flags.file === undefined ? {} : { dockerfile: resolve(flags.file) }),
      ...(flags.target === undefined ? {} : { target: flags.target }),
      ...(flags.platform === undefined ? {} : { platform: flags.platform }),
      ...(toolchain === undefined ? {} : { toolchain }),
      buildArgs: { ...(epoch === undefined ? {} : { SOURCE_DATE_EPOCH: epoch }), ...flags.buildArg },
      noCache: !flags.cache,
      cacheDir: flags.cacheDir ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fairlead'),
      registries,
      onProgress: show,
      signal: interrupted.signal,
    });
    for (const one of flags.output) await exportImage(image, one, flags.tag, registries, interrupted.signal);
    const metadata = JSON.stringify(metadataOf(image, flags.tag), null, 2);
    if (flags.metadataFile !== undefined) await writeFile(flags.metadataFile, `${metadata}\n`);
    console.log(image.digest);
    return 0;
  } catch (error) {
    if (error instanceof BuildFailure) console.error(`\n${error.details}\n`);
    console.error(`${pc.red('ERROR:')} ${messageOf(error)}`);
    return 1;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function show(event: ProgressEvent): void {
  const line = renderProgress(event);
  if (line !== undefined) console.error(event.type === 'output' ? pc.dim(line) : line);
}

/** The mirrors and hosts of the environment, as the functions have them, and what `docker login` left. */
function registriesFrom(env: NodeJS.ProcessEnv): Registries {
  const directory = env.DOCKER_CONFIG ?? join(homedir(), '.docker');
  return new Registries({
    mirrors: mirrorsFrom(env.REGISTRY_MIRRORS),
    insecure: (env.INSECURE_REGISTRIES ?? '').split(',').filter((host) => host !== ''),
    credentials: dockerConfigCredentials(join(directory, 'config.json')),
  });
}

function mirrorsFrom(text: string | undefined): Mirrors {
  if (text === undefined || text === '') return {};
  try {
    return JSON.parse(text) as Mirrors;
  } catch {
    throw new Error('REGISTRY_MIRRORS is not JSON; write it as {"docker.io":"localhost:5000"}');
  }
}

function tagged(name: string, before: string[]): string[] {
  try {
    parseReference(name);
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
  return [...before, name];
}

function buildArg(text: string, before: Record<string, string>): Record<string, string> {
  const equals = text.indexOf('=');
  // As docker does: a name alone takes the value from the environment.
  const [name, value] =
    equals < 0 ? [text, process.env[text]] : [text.slice(0, equals), text.slice(equals + 1)];
  if (name === '') throw new InvalidArgumentError('write NAME=VALUE');
  return value === undefined ? before : { ...before, [name]: value };
}

function platform(text: string): Platform {
  try {
    return parsePlatform(text);
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}

function output(text: string, before: Output[]): Output[] {
  const parsed = parseOutput(text);
  if (parsed === undefined) throw new InvalidArgumentError('write oci-dir=DIR, oci-archive=FILE or registry');
  return [...before, parsed];
}

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { FairleadError, messageOf } from '../errors.ts';
import type { CredentialSource, Credentials } from './credentials.ts';

interface DockerConfig {
  auths?: Record<string, { auth?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

const DOCKER_HUB = 'https://index.docker.io/v1/';

/**
 * The credentials that `docker login` left in the file `path` (`~/.docker/config.json`): a host's own helper, else
 * the common store, else what is in the file. Read once, when first needed. A file that is not there has none.
 * Throws `registry/bad-docker-config`, `registry/credential-helper`.
 */
export function dockerConfigCredentials(path: string): CredentialSource {
  let config: Promise<DockerConfig> | undefined;
  const found = new Map<string, Promise<Credentials | undefined>>();
  return (host) => {
    config ??= readConfig(path);
    const known = found.get(host) ?? config.then((read) => credentialsFor(host, read, path));
    found.set(host, known);
    return known;
  };
}

async function readConfig(path: string): Promise<DockerConfig> {
  let written: string;
  try {
    written = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw badConfig(path, messageOf(error));
  }
  try {
    return (JSON.parse(written) ?? {}) as DockerConfig;
  } catch {
    throw badConfig(path, 'the file is not JSON'); // without the parser's message, which quotes what it read
  }
}

async function credentialsFor(
  host: string,
  config: DockerConfig,
  path: string,
): Promise<Credentials | undefined> {
  const keys =
    host === 'docker.io' ? [DOCKER_HUB, 'docker.io', 'index.docker.io'] : [host, `https://${host}`];
  const helper = keys.map((key) => config.credHelpers?.[key]).find((name) => name !== undefined);
  const stored = helper ?? config.credsStore;
  if (stored !== undefined) {
    const answer = await askHelper(stored, keys[0] as string);
    if (answer !== undefined || helper !== undefined) return answer;
  }
  const auth = keys.map((key) => config.auths?.[key]?.auth).find((one) => one !== undefined && one !== '');
  if (auth === undefined) return undefined;
  const pair = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = pair.indexOf(':');
  if (colon < 0) throw badConfig(path, `\`auth\` of ${host} is not the base64 of a name and a password`);
  return { username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

// The protocol of docker-credential-helpers: `get`, the server on standard input, JSON on standard output.
async function askHelper(name: string, server: string): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  if (!/^[\w.-]+$/.test(name)) throw helperFault(program, 'its name is not that of a program');
  const { status, out } = await run(program, server);
  if (status !== 0) {
    if (/credentials not found/i.test(out)) return undefined;
    throw helperFault(program, `it ended with status ${status}`);
  }
  let answer: { Username?: string; Secret?: string };
  try {
    answer = JSON.parse(out) as typeof answer;
  } catch {
    throw helperFault(program, 'its answer is not JSON');
  }
  if (!answer.Username || !answer.Secret) return undefined;
  if (answer.Username !== '<token>') return { username: answer.Username, password: answer.Secret };
  throw helperFault(
    program,
    `it has an identity token for ${server}, which is not supported: log in with a password`,
  );
}

async function run(program: string, input: string): Promise<{ status: number | null; out: string }> {
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const status = new Promise<number | null>((resolve, reject) => {
    child.on('error', (error) => reject(helperFault(program, messageOf(error))));
    child.on('close', resolve);
  });
  child.stdin.on('error', () => {}); // it may not read what it was asked; its status tells
  child.stdin.end(`${input}\n`);
  const [ended, out] = await Promise.all([status, text(child.stdout)]);
  return { status: ended, out };
}

function badConfig(path: string, cause: string): FairleadError {
  return new FairleadError({
    code: 'registry/bad-docker-config',
    operation: 'reading the credentials of docker login',
    place: path,
    cause,
    remedy: 'mend the file, or log in again with docker login',
  });
}

function helperFault(program: string, cause: string): FairleadError {
  return new FairleadError({
    code: 'registry/credential-helper',
    operation: `asking ${program} for credentials`,
    cause,
    remedy: 'see whether it is installed and works, or take it out of the docker config file',
  });
}

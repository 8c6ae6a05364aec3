import { readFile, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type BuildOptions, build } from '../build/build.ts';
import { cacheScope } from '../build/cache/scope.ts';
import type { BuildRequest } from '../build/request.ts';
import { holdCache } from '../build/store/hold.ts';
import { FairleadError } from '../errors.ts';
import type { Image } from '../image/types.ts';
import type { Registries } from '../registry/registries.ts';
import type { Forge } from '../source/forge.ts';
import type { Repository } from '../source/types.ts';
import { cacheBeside, keepCache } from './cache.ts';
import type { BuildEvent, EndedAnswer } from './types.ts';

/** Where the files of a commit come from. */
export type Source = Pick<Forge, 'download'>;

/** A commit whose files are on disk. */
export interface Commit {
  directory: string;
  /** Text of its `fairlead.yaml`, where it has one. */
  appFile?: string;
}

export type Tell = (event: BuildEvent) => void;

/** Characters. It travels in the answer, and a durable operation's result has 256 KB at most. */
const LARGEST_APP_FILE = 64 * 1024;

/**
 * Puts the files of the request's commit into `directory`, which must exist and be empty.
 * @throws FairleadError `app/file-too-large`, `build/no-dockerfile`, and what the source throws
 */
export async function fetchCommit(
  { subject, repository }: Pick<BuildRequest, 'subject' | 'repository'>,
  source: Source,
  directory: string,
  onEvent: Tell,
): Promise<Commit> {
  const notices = await source.download(repository, subject.commit, directory);
  for (const message of notices) onEvent({ type: 'notice', message });
  const appFile = await readInside(directory, 'fairlead.yaml');
  if (appFile !== undefined && appFile.length > LARGEST_APP_FILE) throw appFileTooLarge(appFile);
  if ((await readInside(directory, 'Dockerfile')) === undefined) throw noDockerfile(repository);
  return { directory, ...(appFile === undefined ? {} : { appFile }) };
}

/** How a commit is built, beside what it is. */
export type BuildSettings = Omit<BuildOptions, 'context' | 'registries' | 'onProgress'>;

/** Builds a commit's image and publishes it. Throws what build() and Registries throw. */
export async function buildCommit(
  commit: Commit,
  request: Pick<BuildRequest, 'publishTo' | 'tags' | 'environment'>,
  settings: BuildSettings & { registries: Registries },
  onEvent: Tell,
): Promise<EndedAnswer> {
  const { cacheDir, cacheBytes, signal } = settings;
  const hold = await holdCache(cacheDir, { limit: cacheBytes, signal });
  try {
    return await buildHeld(commit, request, { ...settings, hold }, onEvent);
  } finally {
    hold.release();
  }
}

async function buildHeld(
  { directory, appFile }: Commit,
  { publishTo, tags, environment }: Pick<BuildRequest, 'publishTo' | 'tags' | 'environment'>,
  settings: BuildSettings & { registries: Registries },
  onEvent: Tell,
): Promise<EndedAnswer> {
  const { registries, signal } = settings;
  const started = Date.now();
  const scope = cacheScope(environment);
  const remoteCache = cacheBeside(publishTo, registries, scope, settings.platform);
  const scoped = scope === undefined ? settings : { ...settings, scope };
  const image = await build({ ...scoped, remoteCache, context: directory, onProgress: onEvent });
  const ms = Date.now() - started;
  onEvent({ type: 'built', ms });
  const publishing = registries.publish(image, publishTo, tags, undefined, signal);
  const keeping = keepCache(remoteCache, publishing, onEvent, signal);
  const published = await publishing;
  const { digest, uploadedBytes, totalBytes } = published;
  const publishMs = Date.now() - started - ms;
  onEvent({ type: 'published', digest, publishTo, uploadedBytes, totalBytes, ms: publishMs });
  await keeping;
  return builtAnswer(image, { publishTo, appFile, ms: Date.now() - started, uploadedBytes });
}

/** The answer for an image that was published to `publishTo`. */
export function builtAnswer(
  image: Image,
  told: { publishTo: string; appFile: string | undefined; ms: number; uploadedBytes: number },
): EndedAnswer {
  const { publishTo, appFile, ms, uploadedBytes } = told;
  return {
    outcome: 'built',
    digest: image.digest,
    image: `${publishTo}@${image.digest}`,
    ...factsOf(image),
    ...(appFile === undefined ? {} : { appFile }),
    ms,
    uploadedBytes,
  };
}

function factsOf({ config: { architecture, config = {} } }: Image) {
  const exposedPorts = Object.keys(config.ExposedPorts ?? {})
    .filter((port) => /^\d+(\/tcp)?$/.test(port))
    .map((port) => Number.parseInt(port, 10))
    .sort((a, b) => a - b);
  const { Env: env, User: user } = config;
  return { exposedPorts, architecture, ...(env === undefined ? {} : { env }), ...(user ? { user } : {}) };
}

/** The text of a file of the commit. A link that leads out of the commit counts as no file. */
async function readInside(directory: string, name: string): Promise<string | undefined> {
  const root = await realpath(directory);
  const path = await realpath(join(directory, name)).catch(() => undefined);
  if (path === undefined || !path.startsWith(root + sep)) return undefined;
  return await readFile(path, 'utf8').catch(() => undefined);
}

function appFileTooLarge({ length }: string): FairleadError {
  return new FairleadError({
    code: 'app/file-too-large',
    operation: 'reading fairlead.yaml',
    place: 'fairlead.yaml',
    cause: `it has ${length} characters, ${LARGEST_APP_FILE} are possible`,
  });
}

function noDockerfile({ owner, name }: Repository): FairleadError {
  return new FairleadError({
    code: 'build/no-dockerfile',
    operation: `building ${owner}/${name}`,
    cause: 'no Dockerfile at the top of the repository',
    remedy: 'add one that says how to build and start the app, and which port it listens on (EXPOSE)',
  });
}

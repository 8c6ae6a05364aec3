import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { ECRClient } from '@aws-sdk/client-ecr';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Context } from 'aws-lambda';
import { build } from '../lib/build/build.ts';
import { BuildFailure } from '../lib/build/failure.ts';
import { findToolchain } from '../lib/build/go/toolchain.ts';
import { type ProgressEvent, renderProgress } from '../lib/build/progress.ts';
import type { BuildAnswer, BuildRequest } from '../lib/build/request.ts';
import { FairleadError } from '../lib/errors.ts';
import type { Image } from '../lib/image/types.ts';
import { about, type Subject } from '../lib/log.ts';
import { ecrCredentials } from '../lib/registry/ecr.ts';
import { Registries } from '../lib/registry/registries.ts';
import { brief } from '../lib/report/brief.ts';
import { tell } from '../lib/report/story.ts';
import { GitHub } from '../lib/source/github.ts';
import { buildImageEnvironment } from './env.ts';
import { Secret } from './secret.ts';

const environment = buildImageEnvironment();
const tokenId = environment.gitHubTokenSecretId;
const token = tokenId === undefined ? undefined : new Secret(new SecretsManagerClient({}), tokenId);
const gitHub = new GitHub({
  baseUrl: environment.gitHubUrl,
  ...(token === undefined ? {} : { token: () => token.current() }),
});
// Kept while the function's environment lives: it remembers tokens.
const registries = new Registries({
  mirrors: environment.mirrors,
  insecure: environment.insecure,
  credentials: ecrCredentials(new ECRClient({})),
});
const cacheDir = environment.cacheDirectory ?? join(tmpdir(), 'fairlead-cache');
const toolchain = findToolchain(environment.go);

/** Characters. It travels in the answer, and a durable operation's result has 256 KB at most. */
const LARGEST_APP_FILE = 64 * 1024;

/** ms that are left for the answer when a build is broken off. */
const SPARE = 5_000;

/** Builds a commit's image and publishes it. Temporary faults are thrown, for another try. */
export async function handler(request: BuildRequest, context: Context): Promise<BuildAnswer> {
  about(request.subject);
  const started = Date.now();
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-commit-'));
  const signal = AbortSignal.timeout(Math.max(1, context.getRemainingTimeInMillis() - SPARE));
  try {
    return await buildCommit(request, directory, started, signal);
  } catch (error) {
    if (!(error instanceof FairleadError) || error.temporary) throw error;
    return failed(request.subject, error, started);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function buildCommit(
  { subject, repository, publishTo, tags }: BuildRequest,
  directory: string,
  started: number,
  signal: AbortSignal,
): Promise<BuildAnswer> {
  const notices = await gitHub.download(repository, subject.commit, directory);
  for (const notice of notices) tell(subject, 'build.notice', `notice: ${notice}`, {});
  const appFile = await readInside(directory, 'fairlead.yaml');
  if (appFile !== undefined && appFile.length > LARGEST_APP_FILE) throw appFileTooLarge(appFile);
  if ((await readInside(directory, 'Dockerfile')) === undefined) throw noDockerfile(repository);
  const onProgress = (event: ProgressEvent) => tellProgress(subject, event);
  const image = await build({
    context: directory,
    cacheDir,
    registries,
    onProgress,
    signal,
    ...(toolchain === undefined ? {} : { toolchain }),
  });
  const ms = Date.now() - started;
  tell(subject, 'build.finished', `built in ${seconds(ms)}`, { ms });
  const published = await registries.publish(image, publishTo, tags, undefined, signal);
  const publishMs = Date.now() - started - ms;
  const { digest, uploadedBytes, totalBytes } = published;
  const sent = `${bytes(uploadedBytes)} sent, ${bytes(totalBytes - uploadedBytes)} there already`;
  tell(
    subject,
    'image.published',
    `published ${brief(digest)} to ${publishTo} in ${seconds(publishMs)}, ${sent}`,
    {
      digest,
      uploadedBytes,
      totalBytes,
      ms: publishMs,
    },
  );
  return {
    outcome: 'built',
    digest,
    image: `${publishTo}@${digest}`,
    ...factsOf(image),
    ...(appFile === undefined ? {} : { appFile }),
    ms: Date.now() - started,
    uploadedBytes,
  };
}

function factsOf({ config: { config = {} } }: Image) {
  const exposedPorts = Object.keys(config.ExposedPorts ?? {})
    .filter((port) => /^\d+(\/tcp)?$/.test(port))
    .map((port) => Number.parseInt(port, 10))
    .sort((a, b) => a - b);
  const { Env: env, User: user } = config;
  return { exposedPorts, ...(env === undefined ? {} : { env }), ...(user ? { user } : {}) };
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

function noDockerfile({ owner, name }: BuildRequest['repository']): FairleadError {
  return new FairleadError({
    code: 'build/no-dockerfile',
    operation: `building ${owner}/${name}`,
    cause: 'no Dockerfile at the top of the repository',
    remedy: 'add one that says how to build and start the app, and which port it listens on (EXPOSE)',
  });
}

/**
 * Codes of faults that another commit, and nothing else, gets rid of. A registry's are not among them: a base image
 * that is not there today may be pushed, or allowed, tomorrow.
 */
const COMMIT_FAULT = /^(dockerfile|build|image|app)\/|^source\/(unsafe-archive|too-large)$/;

function failed(subject: Subject, error: FairleadError, started: number): BuildAnswer {
  const { code } = error;
  const blame = COMMIT_FAULT.test(code) ? 'commit' : 'elsewhere';
  const { place, cause, remedy } = error.fault;
  const reason = [`${place === undefined ? '' : `${place}: `}${cause}`, remedy]
    .filter((part) => part !== undefined)
    .join('; ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const { details = '', line } = error instanceof BuildFailure ? error : {};
  const ms = Date.now() - started;
  const at = line === undefined ? {} : { line };
  tell(subject, 'build.failed', details === '' ? reason : `${reason}\n${details}`, { ms, ...at });
  return { outcome: 'failed', blame, reason, details, ...at };
}

function tellProgress(subject: Subject, event: ProgressEvent): void {
  const message = renderProgress(event);
  if (message === undefined) return;
  if (event.type === 'notice') {
    tell(subject, 'build.notice', message, event.line === undefined ? {} : { line: event.line });
  } else if (event.type === 'step') {
    const { stage, number, total, instruction, ms, cached } = event;
    tell(subject, 'build.step', message, { stage, number, total, instruction, ms, cached });
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

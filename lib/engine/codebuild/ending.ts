import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { Build, BuildPhase } from '@aws-sdk/client-codebuild';
import { isDigest } from '../../image/digest.ts';
import { parseReference } from '../../image/reference.ts';
import type { Digest } from '../../image/types.ts';
import type { Registries } from '../../registry/registries.ts';
import { builtAnswer } from '../commit.ts';
import type { BuildEvent, EndedAnswer, RemoteJob } from '../types.ts';
import { APP_FILE, APP_FILE_LINE, DIGEST } from './buildspec.ts';
import { failureFrom } from './failure.ts';
import { asFault } from './faults.ts';
import { type LogStream, readTail } from './logs.ts';

interface Tools {
  registries: Registries;
  logs: CloudWatchLogsClient;
  /** ms between two looks. */
  interval: number;
}

type Failure = Extract<EndedAnswer, { outcome: 'failed' }>;

/** How often the log is read again when its last lines are not there yet. */
const LOOKS = 8;

/** How a build that is over ended, with what its image says of itself. */
export async function endedAnswer(
  job: RemoteJob,
  build: Build,
  stream: LogStream | undefined,
  tools: Tools,
  onEvent: (event: BuildEvent) => void,
): Promise<EndedAnswer> {
  if (build.buildStatus === 'SUCCEEDED') return await answerOfImage(job, build, stream, tools, onEvent);
  const log = await tailUntil(stream, tools, (lines) => failureFrom(lines) !== undefined);
  // Only what the script itself did says something of the commit.
  const told = build.buildStatus === 'FAILED' ? failureFrom(log) : undefined;
  return told ?? failedPhase(build);
}

async function answerOfImage(
  job: RemoteJob,
  build: Build,
  stream: LogStream | undefined,
  tools: Tools,
  onEvent: (event: BuildEvent) => void,
): Promise<EndedAnswer> {
  const { publishTo, tags } = job.request;
  const digest = exported(build, DIGEST) ?? '';
  if (!isDigest(digest)) throw asFault(`reading what ${build.id} made`, 'it tells no digest of an image');
  const ms = msOf(build);
  onEvent({ type: 'built', ms });
  const appFile = await readAppFile(build, stream, tools);
  const image = await tools.registries.resolve(
    { ...parseReference(publishTo), digest: digest as Digest },
    job.platform,
  );
  // BuildKit published it by its digest alone: only names are put here.
  const { totalBytes } = await tools.registries.publish(image, publishTo, tags);
  onEvent({ type: 'published', digest, publishTo, uploadedBytes: totalBytes, totalBytes, ms: 0 });
  return builtAnswer(image, { publishTo, appFile, ms, uploadedBytes: totalBytes });
}

/** The text of fairlead.yaml, put together from the log and held against its checksum. */
async function readAppFile(
  build: Build,
  stream: LogStream | undefined,
  tools: Tools,
): Promise<string | undefined> {
  const checksum = exported(build, APP_FILE);
  if (checksum === 'none') return undefined;
  const isWhole = (lines: readonly string[]) => checksumOf(appFileIn(lines)) === checksum;
  const log = await tailUntil(stream, tools, isWhole);
  if (isWhole(log)) return appFileIn(log)?.toString('utf8');
  throw asFault(
    `reading what ${build.id} made`,
    new Error('the log does not have the whole fairlead.yaml yet'),
  );
}

function appFileIn(lines: readonly string[]): Buffer | undefined {
  const pieces = lines.filter((line) => line.startsWith(APP_FILE_LINE));
  const zipped = Buffer.from(pieces.map((line) => line.slice(APP_FILE_LINE.length)).join(''), 'base64');
  try {
    return gunzipSync(zipped, { maxOutputLength: 1024 * 1024 });
  } catch {
    return undefined;
  }
}

function checksumOf(bytes: Buffer | undefined): string | undefined {
  return bytes && createHash('sha256').update(bytes).digest('hex');
}

/** CloudWatch Logs has the last lines a little later than CodeBuild has the end. */
async function tailUntil(
  stream: LogStream | undefined,
  { logs, interval }: Tools,
  isWhole: (lines: readonly string[]) => boolean,
): Promise<string[]> {
  if (stream === undefined) return [];
  for (let look = 1; ; look++) {
    const lines = await readTail(logs, stream);
    if (isWhole(lines) || look === LOOKS) return lines;
    await sleep(interval);
  }
}

/** The end as CodeBuild tells it, where the log does not say more. */
function failedPhase({ phases = [], buildStatus, timeoutInMinutes }: Build): Failure {
  const phase = phases.find(({ phaseStatus }) => phaseStatus !== undefined && phaseStatus !== 'SUCCEEDED');
  const said = messagesOf(phase).join('; ');
  const during = phase?.phaseType === undefined ? '' : ` in its phase ${phase.phaseType}`;
  const reason =
    buildStatus === 'TIMED_OUT'
      ? `the build took longer than the ${timeoutInMinutes ?? '?'} minutes that CodeBuild gives it`
      : buildStatus === 'STOPPED'
        ? 'somebody stopped the build in CodeBuild'
        : `CodeBuild broke off${during}${said === '' ? '' : `: ${said}`}`;
  return { outcome: 'failed', blame: 'elsewhere', reason, details: '' };
}

function messagesOf(phase: BuildPhase | undefined): string[] {
  return (phase?.contexts ?? []).flatMap(({ message }) =>
    message ? [message.replaceAll(/\s+/g, ' ').trim()] : [],
  );
}

function exported({ exportedEnvironmentVariables = [] }: Build, name: string): string | undefined {
  return exportedEnvironmentVariables.find((variable) => variable.name === name)?.value;
}

function msOf({ startTime, endTime }: Build): number {
  return (endTime?.getTime() ?? Date.now()) - (startTime?.getTime() ?? Date.now());
}

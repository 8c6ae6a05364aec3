import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import {
  BatchGetBuildsCommand,
  type Build,
  CodeBuildClient,
  ListBuildsForProjectCommand,
  StartBuildCommand,
  StopBuildCommand,
} from '@aws-sdk/client-codebuild';
import { type BuildFacts, whyNotOn } from '../../build/plan/needs.ts';
import type { Registries } from '../../registry/registries.ts';
import type { BuildEvent, Followed, RemoteEngine, RemoteJob } from '../types.ts';
import { TOKEN, type Variables } from './buildspec.ts';
import { endedAnswer } from './ending.ts';
import { asFault, faultOf } from './faults.ts';
import { type LogStream, readOn } from './logs.ts';
import { machineFor } from './machines.ts';
import { BuildKitOutput } from './output.ts';
import { type LentLogin, type Surroundings, variablesOf } from './variables.ts';

export interface CodeBuildOptions extends Surroundings {
  /** The project that has the buildspec of buildspec.ts. */
  project: string;
  registries: Registries;
  /** Leaves what builds of the job's app log in to registries with; asked again, it answers the same. */
  lend?: (job: RemoteJob) => Promise<LentLogin>;
  codeBuild?: CodeBuildClient;
  logs?: CloudWatchLogsClient;
  /** ms between two looks at a build. */
  interval?: number;
}

/** ms before `until` at which `follow` answers. */
const SPARE = 3_000;

/** Builds that are looked at for one that was begun earlier: the newest ones, as many as one call answers. */
const NEWEST = 100;

/** BuildKit in AWS CodeBuild: any Dockerfile for linux/amd64 and linux/arm64, after half a minute or so of waiting. */
export class CodeBuildEngine implements RemoteEngine {
  readonly name = 'codebuild';
  readonly title = 'CodeBuild';
  readonly #options: CodeBuildOptions;
  readonly #codeBuild: CodeBuildClient;
  readonly #logs: CloudWatchLogsClient;

  constructor(options: CodeBuildOptions) {
    this.#options = options;
    this.#codeBuild = options.codeBuild ?? new CodeBuildClient({});
    this.#logs = options.logs ?? new CloudWatchLogsClient({});
  }

  whyNot(facts: BuildFacts): string | undefined {
    const { platform } = machineFor(facts.target);
    return whyNotOn(facts.needs(platform), platform);
  }

  /** As RemoteEngine says. The service keeps an idempotency token for five minutes only, so that its list is read too. */
  async start(job: RemoteJob, signal?: AbortSignal): Promise<{ id: string }> {
    return await faultOf('starting a build in CodeBuild', async () => {
      const newest = await this.#newest(signal);
      const begun = newest.find((build) => variableOf(build, 'FAIRLEAD_NAME') === job.name);
      if (begun?.id !== undefined) return { id: idOf(begun.id) };
      await this.#stopSuperseded(newest, job, signal);
      const lent = await this.#options.lend?.(job);
      const { build } = await this.#codeBuild.send(this.#startCommand(job, lent), aborted(signal));
      if (build?.id === undefined)
        throw asFault('starting a build in CodeBuild', 'it answered without a build');
      return { id: idOf(build.id) };
    });
  }

  /** As RemoteEngine says. Lines of the log that come out late are told in the next `follow`, or with the end. */
  async follow(
    job: RemoteJob,
    id: string,
    onEvent: (event: BuildEvent) => void,
    until: Date,
  ): Promise<Followed> {
    const { interval = 2_000 } = this.#options;
    const output = new BuildKitOutput();
    let { buildId, token } = readId(id);
    let isLentAnew = false;
    return await faultOf(`following the build ${buildId} in CodeBuild`, async () => {
      for (;;) {
        const build = await this.#get(buildId);
        // It is read when the build begins, and may have become old in the queue.
        if (isQueued(build) && !isLentAnew) {
          isLentAnew = true;
          await this.#options.lend?.(job);
        }
        const stream = streamOf(build);
        if (stream !== undefined) token = await this.#relay(stream, token, output, onEvent);
        if (build.buildComplete === true || hasEnded(build)) {
          const tools = { registries: this.#options.registries, logs: this.#logs, interval };
          return { state: 'ended', answer: await endedAnswer(job, build, stream, tools, onEvent) };
        }
        if (Date.now() + interval + SPARE >= until.getTime())
          return { state: 'running', id: idOf(buildId, token) };
        await sleep(interval);
      }
    });
  }

  #startCommand(job: RemoteJob, lent: LentLogin | undefined): StartBuildCommand {
    const { project, hosts } = this.#options;
    const { tokenSecretId, access } = hosts[job.request.repository.host] ?? {};
    const { environmentType, image } = machineFor(job.platform);
    const plain = Object.entries(variablesOf(job, this.#options, lent)).map(([name, value]) => ({
      name,
      value,
      type: 'PLAINTEXT' as const,
    }));
    const token = { name: TOKEN, value: tokenSecretId, type: 'SECRETS_MANAGER' as const };
    return new StartBuildCommand({
      projectName: project,
      idempotencyToken: job.name,
      environmentTypeOverride: environmentType,
      imageOverride: image,
      environmentVariablesOverride:
        tokenSecretId === undefined || access === 'app' ? plain : [...plain, token],
    });
  }

  /**
   * Stops what was begun for the same environment under an older right to deploy: nobody waits for it any more. That one
   * goes on which cannot be stopped: it costs, and does no harm.
   */
  async #stopSuperseded(builds: readonly Build[], job: RemoteJob, signal: AbortSignal | undefined) {
    for (const { id } of builds.filter((build) => isSuperseded(build, variablesOf(job, this.#options))))
      await this.#codeBuild.send(new StopBuildCommand({ id }), aborted(signal)).catch(() => {});
  }

  /** The newest builds of the project, the newest one first. */
  async #newest(signal: AbortSignal | undefined): Promise<Build[]> {
    const { project } = this.#options;
    const list = new ListBuildsForProjectCommand({ projectName: project, sortOrder: 'DESCENDING' });
    const { ids = [] } = await this.#codeBuild.send(list, aborted(signal));
    if (ids.length === 0) return [];
    const get = new BatchGetBuildsCommand({ ids: ids.slice(0, NEWEST) });
    const { builds = [] } = await this.#codeBuild.send(get, aborted(signal));
    return builds;
  }

  async #get(buildId: string): Promise<Build> {
    const { builds = [] } = await this.#codeBuild.send(new BatchGetBuildsCommand({ ids: [buildId] }));
    const [build] = builds;
    if (build !== undefined) return build;
    throw asFault(`following the build ${buildId} in CodeBuild`, 'CodeBuild does not know it');
  }

  /** Tells all there is to tell by now. */
  async #relay(
    stream: LogStream,
    token: string | undefined,
    output: BuildKitOutput,
    onEvent: (event: BuildEvent) => void,
  ): Promise<string | undefined> {
    let from = token;
    for (;;) {
      const page = await readOn(this.#logs, stream, from);
      for (const line of page.lines) {
        const event = output.read(line);
        if (event !== undefined) onEvent(event);
      }
      if (page.token === from) return from;
      from = page.token;
    }
  }
}

function aborted(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function variableOf({ environment }: Build, name: keyof Variables): string | undefined {
  return environment?.environmentVariables?.find((variable) => variable.name === name)?.value;
}

function isSuperseded(build: Build, by: Variables): boolean {
  const isOfSame = (['FAIRLEAD_REPOSITORY', 'FAIRLEAD_ENVIRONMENT'] as const).every(
    (name) => variableOf(build, name) === by[name],
  );
  const isOver = build.buildComplete === true || hasEnded(build);
  return isOfSame && !isOver && Number(variableOf(build, 'FAIRLEAD_FENCE')) < Number(by.FAIRLEAD_FENCE);
}

function hasEnded({ buildStatus }: Build): boolean {
  return buildStatus !== undefined && buildStatus !== 'IN_PROGRESS';
}

function isQueued({ currentPhase }: Build): boolean {
  return currentPhase === 'SUBMITTED' || currentPhase === 'QUEUED';
}

function streamOf({ logs }: Build): LogStream | undefined {
  const { groupName, streamName } = logs ?? {};
  return groupName && streamName ? { group: groupName, stream: streamName } : undefined;
}

// A build's id is PROJECT:UUID, a token of CloudWatch Logs f/DIGITS: neither has a blank.
function idOf(buildId: string, token?: string): string {
  return token === undefined ? buildId : `${buildId} ${token}`;
}

function readId(id: string): { buildId: string; token?: string } {
  const [buildId = '', token] = id.split(' ');
  return token === undefined ? { buildId } : { buildId, token };
}

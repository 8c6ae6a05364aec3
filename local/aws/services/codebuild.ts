import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import type { Admission, Principal } from '../admission.ts';
import { AwsError } from '../error.ts';
import { type Input, list, object, optional, required, strings } from '../input.ts';
import { awsJson } from '../protocol.ts';
import type { Place, Service } from '../service.ts';
import {
  type Build,
  beginPhase,
  describe,
  endBuild,
  endPhase,
  groupOf,
  now,
  streamOf,
} from './codebuild-build.ts';
import type { LogStreams } from './codebuild-logs.ts';
import { runBuildspec } from './codebuild-run.ts';
import { secretArn } from './secrets-manager.ts';

export interface Project {
  /** YAML, version 0.2. */
  buildspec: string;
  timeoutMinutes: number;
  /** By name; a build's own come on top. */
  environment: Record<string, string>;
}

export interface CodeBuildOptions {
  projects: Readonly<Record<string, Project>>;
  /** What build containers have around them: PATH, and DOCKER_HOST where the engine is not at its usual place. */
  machine: Record<string, string>;
  /** Whom the project's role makes its builds, for what the service does in its name. */
  role?: Principal;
  /** The value of a secret, by name or ARN. */
  secret(id: string): string | undefined;
}

/** AWS keeps an idempotency token for so long. */
const TOKEN_SECONDS = 300;

/**
 * AWS CodeBuild: builds of projects without a source are carried out on this machine, with its docker engine. Without
 * one they fail while they are provisioned, as in an account that has no capacity.
 */
export class Builds {
  readonly service: Service;
  readonly #options: CodeBuildOptions;
  readonly #place: Place;
  readonly #admission: Admission | undefined;
  readonly #logs: LogStreams;
  readonly #builds = new Map<string, Build>();
  readonly #running = new Set<Promise<void>>();

  constructor(place: Place, logs: LogStreams, options: CodeBuildOptions, admission?: Admission) {
    this.#place = place;
    this.#admission = admission;
    this.#logs = logs;
    this.#options = options;
    const ofProject = (input: Input) => this.#arn('project', optional(input, 'projectName') ?? '');
    const ofBuild = (id: string) => this.#arn('project', id.split(':')[0] ?? '');
    this.service = {
      iam: 'codebuild',
      protocol: awsJson('1.1'),
      operations: {
        StartBuild: { resource: ofProject, run: (input) => ({ build: this.#describe(this.#start(input)) }) },
        BatchGetBuilds: {
          resource: (input) => ofBuild(strings(input, 'ids')[0] ?? ''),
          run: (input) => this.#get(strings(input, 'ids')),
        },
        ListBuildsForProject: { resource: ofProject, run: (input) => this.#list(input) },
        StopBuild: {
          resource: (input) => ofBuild(required(input, 'id')),
          run: (input) => ({ build: this.#describe(this.#stop(required(input, 'id'))) }),
        },
      },
    };
  }

  /** Ends what is going on. */
  async close(): Promise<void> {
    for (const { id, status } of this.#builds.values()) if (status === 'IN_PROGRESS') this.#stop(id);
    await Promise.all(this.#running);
  }

  #arn(kind: string, name: string): string {
    return `arn:aws:codebuild:${this.#place.region}:${this.#place.account}:${kind}/${name}`;
  }

  #project(name: string): Project {
    const found = Object.hasOwn(this.#options.projects, name) ? this.#options.projects[name] : undefined;
    if (found !== undefined) return found;
    throw new AwsError('ResourceNotFoundException', `Project cannot be found: ${this.#arn('project', name)}`);
  }

  #start(input: Input): Build {
    const name = required(input, 'projectName');
    const project = this.#project(name);
    const token = optional(input, 'idempotencyToken');
    const asked = JSON.stringify(input);
    const known = [...this.#builds.values()].find(
      (build) => token !== undefined && build.token === token && now() - build.startedAt < TOKEN_SECONDS,
    );
    if (known !== undefined) {
      if (known.asked === asked) return known;
      throw new AwsError(
        'InvalidInputException',
        'Parameters do not match the ones of this idempotency token',
      );
    }
    const variables = list(input, 'environmentVariablesOverride').map((value) => {
      const { type, ...variable } = object(value);
      return {
        name: required(variable, 'name'),
        value: optional(variable, 'value') ?? '',
        type: String(type ?? 'PLAINTEXT'),
      };
    });
    const build: Build = {
      id: `${name}:${randomUUID()}`,
      number: this.#builds.size + 1,
      project: name,
      token,
      asked,
      status: 'IN_PROGRESS',
      variables,
      phases: [],
      exported: {},
      startedAt: now(),
    };
    this.#builds.set(build.id, build);
    const done = this.#carryOut(build, project).catch((error) => {
      endPhase(build, 'FAILED', String(error));
      endBuild(build, 'FAILED');
    });
    this.#running.add(done);
    done.finally(() => this.#running.delete(done));
    return build;
  }

  async #carryOut(build: Build, project: Project): Promise<void> {
    beginPhase(build, 'PROVISIONING');
    const lacking = await whyNoEngine(this.#options.machine);
    if (lacking !== undefined) {
      endPhase(build, 'FAILED', lacking);
      return endBuild(build, 'FAILED');
    }
    const environment = this.#environment(build, project);
    const stream = `${this.#logs.arnOf(groupOf(build))}:log-stream:${streamOf(build)}`;
    for (const action of ['CreateLogStream', 'PutLogEvents']) this.#inItsName('logs', action, stream);
    endPhase(build, 'SUCCEEDED');
    const run = await runBuildspec(project.buildspec, environment, {
      line: (text) => this.#logs.append(groupOf(build), streamOf(build), text),
      began: (phase) => beginPhase(build, phase.toUpperCase()),
      ended: (phase, status) => {
        const failed = `COMMAND_EXECUTION_ERROR: Error while executing command in ${phase}. Reason: exit status ${status}`;
        endPhase(build, status === 0 ? 'SUCCEEDED' : 'FAILED', status === 0 ? undefined : failed);
      },
    });
    build.run = run;
    // Stopped before there was anything to stop.
    if (build.status !== 'IN_PROGRESS') run.stop();
    const timer = setTimeout(() => {
      endBuild(build, 'TIMED_OUT');
      run.stop();
    }, project.timeoutMinutes * 60_000);
    build.exported = await run.ended.finally(() => clearTimeout(timer));
    const failed = build.phases.some(({ status }) => status === 'FAILED');
    endBuild(build, failed ? 'FAILED' : 'SUCCEEDED');
  }

  #environment(build: Build, project: Project): Record<string, string> {
    const own = build.variables.map(({ name, value, type }) => {
      if (type !== 'SECRETS_MANAGER') return [name, value];
      const secret = this.#options.secret(value);
      this.#inItsName('secretsmanager', 'GetSecretValue', secretArn(this.#place, value));
      if (secret === undefined) throw new Error(`Secrets Manager can't find the specified secret ${value}`);
      return [name, secret];
    });
    return {
      ...this.#options.machine,
      AWS_REGION: this.#place.region,
      AWS_DEFAULT_REGION: this.#place.region,
      CODEBUILD_BUILD_ID: build.id,
      ...project.environment,
      ...Object.fromEntries(own),
    };
  }

  /** What the service does as the project's role. */
  #inItsName(service: string, action: string, resource: string): void {
    const { role } = this.#options;
    if (role !== undefined) this.#admission?.record({ service, action, resource }, role);
  }

  #stop(id: string): Build {
    const build = this.#builds.get(id);
    if (build === undefined) throw new AwsError('ResourceNotFoundException', `Build cannot be found: ${id}`);
    if (build.status === 'IN_PROGRESS') {
      endPhase(build, 'STOPPED');
      endBuild(build, 'STOPPED');
      build.run?.stop();
    }
    return build;
  }

  #get(ids: string[]) {
    const builds = ids.flatMap((id) => this.#builds.get(id) ?? []);
    return {
      builds: builds.map((build) => this.#describe(build)),
      buildsNotFound: ids.filter((id) => !this.#builds.has(id)),
    };
  }

  #list(input: Input) {
    const name = required(input, 'projectName');
    this.#project(name);
    const ids = [...this.#builds.values()].flatMap(({ id, project }) => (project === name ? [id] : []));
    return { ids: (optional(input, 'sortOrder') === 'ASCENDING' ? ids : ids.reverse()).slice(0, 100) };
  }

  #describe(build: Build) {
    const { timeoutMinutes } = this.#project(build.project);
    return describe(build, this.#arn('build', build.id), timeoutMinutes);
  }
}

async function whyNoEngine(machine: Record<string, string>): Promise<string | undefined> {
  try {
    await promisify(execFile)('docker', ['version'], { env: machine, timeout: 10_000 });
    return undefined;
  } catch {
    return 'there is no docker engine on this machine that builds could use (DOCKER_HOST names another one)';
  }
}

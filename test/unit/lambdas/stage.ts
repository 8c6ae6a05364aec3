import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import { vi } from 'vitest';
import type { BuildAnswer, BuildRequest } from '../../../lib/build/request.ts';
import { Ledger } from '../../../lib/ledger/ledger.ts';
import type { DeployRequest } from '../../../lib/push/request.ts';
import type { Push } from '../../../lib/push/types.ts';
import type { RolloutAnswer, RolloutRequest } from '../../../lib/rollout/request.ts';
import { startDynamoDB } from '../ledger/dynamodb.ts';
import { GitHost, type Repository } from './git-host.ts';
import { LossyProxy } from './lossy-proxy.ts';

/** A record of the story, as it is written to standard output. */
export interface Chapter {
  event: string;
  message: string;
  delivery: string;
  app: string;
  commit: string;
  detail: Record<string, unknown>;
}

/** What an execution of deploy came to. */
export interface Run {
  /** How the execution ended: `SUCCEEDED` even where the deployment failed. */
  status: string | undefined;
  /** The names of its durable operations, in order. */
  operations: (string | undefined)[];
  chapters: Chapter[];
  /** The last line of the push. */
  last: string;
  /** What it answers. */
  result: unknown;
}

type Database = Awaited<ReturnType<typeof startDynamoDB>>;
type Handler = ConstructorParameters<typeof LocalDurableTestRunner>[0]['handlerFunction'];

/** The real deploy function and a real ledger; what it talks to over the network is scripted. */
export class Stage {
  readonly #host: GitHost;
  readonly #db: Database;
  readonly #proxy: LossyProxy;
  readonly #handler: Handler;
  readonly #chapters: Chapter[] = [];
  readonly #metrics: Record<string, unknown>[] = [];
  #scenes = 0;

  private constructor(host: GitHost, db: Database, proxy: LossyProxy, handler: Handler) {
    this.#host = host;
    this.#db = db;
    this.#proxy = proxy;
    this.#handler = handler;
  }

  static async set(): Promise<Stage> {
    const db = await startDynamoDB();
    const host = new GitHost();
    const proxy = new LossyProxy(db.endpoint);
    const variables = {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_DYNAMODB: await proxy.start(),
      // What is lost is the step's to try again, not the SDK's.
      AWS_MAX_ATTEMPTS: '1',
      LEDGER_TABLE: db.table,
      BUILD_FUNCTION: 'build:live',
      ROLLOUT_FUNCTION: 'roll-out:live',
      IMAGE_REPOSITORY_PREFIX: 'registry/fairlead',
      HOST_API_URLS: JSON.stringify({ github: await host.start() }),
      SERVICE_TYPE: 'NodePort',
      LOAD_BALANCERS: 'internet-facing',
      // Makes the logger write to the console that is spied on here.
      POWERTOOLS_DEV: 'true',
      POWERTOOLS_METRICS_DISABLED: 'false',
    };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    const { handler } = await import('../../../lambdas/deploy.ts');
    const stage = new Stage(host, db, proxy, handler as Handler);
    stage.#listen();
    await LocalDurableTestRunner.setupTestEnvironment();
    return stage;
  }

  #listen(): void {
    const hear = (line: unknown) => {
      if (typeof line !== 'string' || !line.startsWith('{')) return;
      const record = JSON.parse(line) as Chapter & { _aws?: unknown };
      if (record._aws !== undefined) this.#metrics.push(record as unknown as Record<string, unknown>);
      else if (record.event !== undefined) this.#chapters.push(record);
    };
    for (const method of ['log', 'info', 'warn', 'error'] as const) {
      vi.spyOn(console, method).mockImplementation(hear);
    }
  }

  /** A new app, which no other test has to do with. */
  scene(): Scene {
    const app = `web-${this.#scenes++}`;
    const { client, table } = this.#db;
    return new Scene(app, this.#host.repository(app), new Ledger(client, table), this.#handler, {
      chapters: () => this.#chapters.filter((chapter) => chapter.app === app),
      metrics: () => this.#metrics.filter((metric) => metric.app === app),
      loseWrite: (nth) => this.#proxy.lose(app, nth),
    });
  }

  async strike(): Promise<void> {
    await LocalDurableTestRunner.teardownTestEnvironment();
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    await this.#host.close();
    await this.#proxy.close();
    await this.#db.close();
  }
}

interface Surroundings {
  chapters(): Chapter[];
  metrics(): Record<string, unknown>[];
  loseWrite(nth: number): void;
}

/** One app: its repository, and the functions that deploy invokes for it, by a script. */
export class Scene {
  readonly app: string;
  readonly repository: Repository;
  readonly ledger: Ledger;
  readonly environment: { app: string; name: string };
  readonly builds: BuildRequest[] = [];
  readonly rollouts: RolloutRequest[] = [];
  build: (request: BuildRequest) => Promise<BuildAnswer> = async ({ subject }) => this.built(subject.commit);
  rollOut: (request: RolloutRequest) => Promise<RolloutAnswer> = async () => this.live();
  /** What a look at the cluster finds of what the ledger says is live. */
  seen: (request: RolloutRequest) => Promise<RolloutAnswer> = async () => ({ state: 'seen' });
  /** How often that was looked for. */
  sightings = 0;
  readonly #handler: Handler;
  readonly #around: Surroundings;

  constructor(app: string, repository: Repository, ledger: Ledger, handler: Handler, around: Surroundings) {
    this.app = app;
    this.repository = repository;
    this.ledger = ledger;
    this.environment = { app, name: 'production' };
    this.#handler = handler;
    this.#around = around;
  }

  built(commit: string, appFile?: string): BuildAnswer {
    const digest = `sha256:${commit.slice(0, 8)}` as const;
    return {
      outcome: 'built',
      digest,
      image: `registry/fairlead/${this.app}@${digest}`,
      exposedPorts: [8080],
      ...(appFile === undefined ? {} : { appFile }),
      ms: 1,
      uploadedBytes: 1,
    };
  }

  live(): RolloutAnswer {
    return { state: 'live', url: `http://${this.app}.test/`, internalName: 'unused' };
  }

  get metrics(): Record<string, unknown>[] {
    return this.#around.metrics();
  }

  /** Loses the answer of the `nth` write to the ledger, from now on. */
  loseWrite(nth: number): void {
    this.#around.loseWrite(nth);
  }

  /** Moves the branch to `commit` and answers the push that tells of it. */
  push(commit: string, delivery = `delivery-${commit.slice(0, 4)}`): Push {
    const before = this.repository.head ?? '0'.repeat(40);
    this.repository.head = commit;
    const moved = { ref: 'refs/heads/main', branch: 'main', before, after: commit };
    const environment = { name: 'production', namespace: this.app };
    return {
      environment,
      host: 'github',
      owner: 'acme',
      repository: this.app,
      app: this.app,
      delivery,
      ...moved,
    };
  }

  /** Runs one execution of deploy to its end. */
  async deploy(push: DeployRequest | Push): Promise<Run> {
    const before = this.#around.chapters().length;
    const runner = new LocalDurableTestRunner({ handlerFunction: this.#handler });
    runner.registerFunction('build:live', (request: BuildRequest) => {
      this.builds.push(request);
      return this.build(request);
    });
    runner.registerFunction('roll-out:live', (request: RolloutRequest) => {
      if (request.do === 'see') {
        this.sightings++;
        return this.seen(request);
      }
      this.rollouts.push(request);
      return this.rollOut(request);
    });
    const execution = await runner.run({ payload: push });
    const chapters = this.#around
      .chapters()
      .slice(before)
      .filter(({ delivery }) => delivery === push.delivery);
    const operations = execution.getOperations().map((operation) => operation.getName());
    return {
      status: execution.getStatus(),
      operations,
      chapters,
      last: chapters.at(-1)?.message ?? '',
      result: execution.getResult(),
    };
  }
}

/** A promise that a test keeps when it likes. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** What one push takes, on average over those that were measured; bench/scale/measure.ts writes it to counts.json. */
export interface Counts {
  /** ISO 8601 date. */
  measured: string;
  pushes: number;
  /** Calls by `service:Action`, as IAM names them; ECR's by its front door are in it. */
  calls: Readonly<Record<string, number>>;
  /** Requests to the cluster's API, the git host's API (those that write are in them) and the registry. */
  requests: { kubernetes: number; gitHost: number; gitHostWrites: number; registry: number };
  /** Of a round of the sweep that finds nothing to do: requests of the git host's API, for one repository. */
  sweep: { gitHost: number };
  /** Metrics that are written: of all apps together, and beside them those of the one app. */
  metrics: { ofAll: number; ofApp: number };
  /** Of the function deploy. */
  durable: { operations: number; bytesWritten: number };
  dynamoDb: { readUnits: number; writeUnits: number };
  /** By function: invocations, seconds in all, and GB-seconds. */
  functions: Readonly<Record<string, { invocations: number; seconds: number; gbSeconds: number }>>;
  /** Seconds of the build, and from the push to its end. */
  seconds: { build: number; push: number };
  /** Bytes that the functions log, and that an image adds to the registry. */
  bytes: { logs: number; image: number };
  /** What an installation has by default: resources of its stacks, by what is paid for. */
  idle: {
    alarmMetrics: number;
    compositeAlarms: number;
    metrics: number;
    secrets: number;
    natGateways: number;
    dashboards: number;
  };
}

/** The sizes that are looked at, in pushes a month. */
export const SIZES = [10, 1_000, 100_000] as const;

/** So often a repository is pushed to in a month: ten times on a working day. */
const PUSHES_EACH = 200;

/** Repositories, each of one app, that so many pushes a month come from. */
export function repositoriesFor(perMonth: number): number {
  return Math.max(1, Math.round(perMonth / PUSHES_EACH));
}

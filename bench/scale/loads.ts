import { LIMITS } from '../../lib/stacks/limits.ts';
import { arrivals, peak, together } from './arrivals.ts';
import { MACHINE, PROVISION_SECONDS } from './costs.ts';
import { type Counts, repositoriesFor } from './counts.ts';

/** One limit of AWS's, of a git host's or of the installation's own, against what a month of pushes comes to. */
export interface Load {
  what: string;
  /** `unknown`: there is one, and no page that says how much it is was found. */
  limit: number | 'unknown';
  /** Of this engine's builds alone, as if it built everything. */
  only?: 'microvm' | 'codebuild';
  /** At the worst moment of the month. */
  peak: number;
  /** What happens above it. */
  above: string;
  source: string;
}

interface Month {
  counts: Counts;
  perMonth: number;
  /** When pushes come. */
  times: readonly number[];
  builds: { most: number; longestWait: number };
}

const LAMBDA = 'AWS Lambda Developer Guide, "Lambda quotas"';
/** Builds that go on at once where the installation bounds them. */
const BUILDS = LIMITS['build-image'].atOnce ?? Number.POSITIVE_INFINITY;
/** Rounds of the sweep in an hour. */
const SWEEPS = 60 / 5;

/** How near `perMonth` pushes come to each limit. */
export function loads(counts: Counts, perMonth: number): Load[] {
  const times = arrivals({ perMonth, seed: 1 });
  const builds = together(times, counts.seconds.build, BUILDS);
  const month = { counts, perMonth, times, builds };
  return [
    ...ofBuilds(month),
    ...ofRegistry(month),
    ...ofFunctions(month),
    ...ofOthers(month),
    ...ofHost(month),
  ];
}

function ofBuilds({ counts: { seconds }, times, builds }: Month): Load[] {
  return [
    {
      what: 'builds at once',
      limit: BUILDS,
      peak: builds.most,
      above: `pushes wait (the longest ${builds.longestWait.toFixed(0)} s)`,
      source: 'lib/stacks/limits.ts',
    },
    {
      what: 'builds in CodeBuild at once',
      limit: 1,
      only: 'codebuild',
      peak: together(times, seconds.build + PROVISION_SECONDS, BUILDS).most,
      above: 'builds wait in CodeBuild’s queue, for half an hour at most',
      source: 'AWS CodeBuild User Guide, "Quotas": 1 of each kind of machine by default, more when asked for',
    },
    {
      what: 'GB of MicroVMs at once',
      limit: 'unknown',
      only: 'microvm',
      peak: MACHINE.gb * together(times, seconds.build + MACHINE.idleSeconds).most,
      above: 'no machine begins, and the build goes to the next engine',
      source: `${LAMBDA}: new accounts have less memory for MicroVMs than others; how much it does not say here`,
    },
  ];
}

function ofRegistry({ counts: { seconds, calls }, times }: Month): Load[] {
  // Builds end as they began, at most so many a second as are at work at once.
  const published = Math.min(peak(times, 1), BUILDS / seconds.build);
  const call = (name: string, limit: number, above: string): Load => ({
    what: `ECR ${name}, a second`,
    limit,
    peak: published * (calls[`ecr:${name}`] ?? 0),
    above,
    source: 'Amazon ECR User Guide, "Amazon ECR service quotas"',
  });
  return [
    call('PutImage', 10, 'ECR refuses, the builder tries again'),
    call('InitiateLayerUpload', 100, 'the same'),
    call('CompleteLayerUpload', 100, 'the same'),
    call('UploadLayerPart', 500, 'the same'),
  ];
}

function ofFunctions({ counts: { seconds, functions }, times, builds }: Month): Load[] {
  const inFunctions = Object.values(functions).reduce((sum, one) => sum + one.seconds, 0);
  return [
    {
      what: 'functions at once, of the account',
      limit: 1000,
      peak: together(times, inFunctions).most,
      above: 'webhooks get 429, and the sweep finds their pushes',
      source: LAMBDA,
    },
    {
      what: 'webhooks at once',
      limit: LIMITS['receive-push'].atOnce ?? 0,
      peak: together(times, functions['receive-push']?.seconds ?? 0).most,
      above: 'the same',
      source: 'lib/stacks/limits.ts',
    },
    {
      what: 'durable executions at once',
      limit: 1_000_000,
      peak: together(times, seconds.push + builds.longestWait).most,
      above: 'events wait for hours, as Lambda keeps them',
      source: `${LAMBDA}: not confirmed for durable executions`,
    },
  ];
}

function ofOthers({ counts: { requests, functions, dynamoDb }, times }: Month): Load[] {
  return [
    {
      what: 'EKS API requests at once',
      limit: 600,
      // As if a rollout asked all that it asks at once.
      peak: requests.kubernetes * together(times, functions['roll-out']?.seconds ?? 0).most,
      above: 'the API queues by priority and fairness',
      source:
        'Kubernetes, max-requests-inflight 400 and max-mutating-requests-inflight 200; EKS raises them as it scales',
    },
    {
      what: 'DynamoDB writes, a second',
      limit: 40_000,
      peak: peak(times, 1) * dynamoDb.writeUnits,
      above: 'the ledger tries again',
      source: 'Amazon DynamoDB Developer Guide, "Quotas": on demand, a table',
    },
  ];
}

function ofHost({ counts: { requests, sweep }, perMonth, times }: Month): Load[] {
  const statuses = (span: string, seconds: number, limit: number): Load => ({
    what: `commit statuses, ${span}`,
    limit,
    peak: peak(times, seconds) * requests.gitHostWrites,
    above: 'statuses that GitHub puts off for more than 10 s are left out, and told in the log',
    source:
      'GitHub REST API, "Rate limits", secondary: requests that make content; whether statuses are such it does not say',
  });
  const swept = repositoriesFor(perMonth) * SWEEPS * sweep.gitHost;
  return [
    {
      what: 'git host requests, an hour: of pushes and the sweep',
      limit: 5000,
      peak: peak(times, 3600) * requests.gitHost + swept,
      above: 'pushes wait for the next hour, and the sweep misses repositories',
      source: 'GitHub REST API, "Rate limits": 5,000 an hour for a token, up to 12,500 for a GitHub App',
    },
    statuses('a minute', 60, 80),
    statuses('an hour', 3600, 500),
  ];
}

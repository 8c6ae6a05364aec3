import { LIMITS } from '../../lib/stacks/limits.ts';
import { arrivals, peak, together } from './arrivals.ts';
import type { Counts } from './counts.ts';

/** One limit of AWS's, of a git host's or of the installation's own, against what a month of pushes comes to. */
export interface Load {
  what: string;
  limit: number;
  /** At the worst moment of the month. */
  peak: number;
  /** What happens above it. */
  above: string;
  source: string;
}

const ECR = 'Amazon ECR User Guide, "Amazon ECR service quotas"';
/** Builds that go on at once where the installation bounds them. */
const BUILDS = LIMITS['build-image'].atOnce ?? Number.POSITIVE_INFINITY;

/** How near `perMonth` pushes come to each limit; `growth` of them a month where it gives. */
export function loads(counts: Counts, perMonth: number): Load[] {
  const times = arrivals({ perMonth, seed: 1 });
  const { seconds, calls, requests, functions } = counts;
  const builds = together(times, seconds.build, BUILDS);
  const executions = together(times, seconds.push + builds.longestWait);
  // Builds end as they began, at most so many a second as are at work at once.
  const published = Math.min(peak(times, 1), BUILDS / seconds.build);
  const per = (name: string) => published * (calls[name] ?? 0);
  const inFunctions = Object.values(functions).reduce((sum, one) => sum + one.seconds, 0);
  return [
    {
      what: 'builds at once',
      limit: BUILDS,
      peak: builds.most,
      above: `pushes wait (the longest ${builds.longestWait.toFixed(0)} s)`,
      source: 'lib/stacks/limits.ts',
    },
    {
      what: 'ECR PutImage, a second',
      limit: 10,
      peak: per('ecr:PutImage'),
      above: 'ECR refuses, the builder tries again',
      source: ECR,
    },
    {
      what: 'ECR InitiateLayerUpload, a second',
      limit: 100,
      peak: per('ecr:InitiateLayerUpload'),
      above: 'the same',
      source: ECR,
    },
    {
      what: 'ECR CompleteLayerUpload, a second',
      limit: 100,
      peak: per('ecr:CompleteLayerUpload'),
      above: 'the same',
      source: ECR,
    },
    {
      what: 'ECR UploadLayerPart, a second',
      limit: 500,
      peak: per('ecr:UploadLayerPart'),
      above: 'the same',
      source: ECR,
    },
    {
      what: 'functions at once, of the account',
      limit: 1000,
      peak: together(times, inFunctions).most,
      above: 'webhooks get 429, and the sweep finds their pushes',
      source: 'AWS Lambda Developer Guide, "Lambda quotas"',
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
      peak: executions.most,
      above: 'events wait for hours, as Lambda keeps them',
      source: 'AWS Lambda Developer Guide, "Lambda quotas": not confirmed for durable executions',
    },
    {
      what: 'EKS API requests at once',
      limit: 600,
      peak: requests.kubernetes * Math.min(1, peak(times, 1)),
      above: 'the API queues by priority and fairness',
      source:
        'Kubernetes, max-requests-inflight 400 and max-mutating-requests-inflight 200; EKS raises them as it scales',
    },
    {
      what: 'git host requests, an hour',
      limit: 5000,
      peak: peak(times, 3600) * requests.gitHost,
      above: 'pushes wait for the next hour',
      source: 'GitHub REST API, "Rate limits": 5,000 an hour for a token, up to 12,500 for a GitHub App',
    },
    {
      what: 'DynamoDB writes, a second',
      limit: 40_000,
      peak: peak(times, 1) * counts.dynamoDb.writeUnits,
      above: 'the ledger tries again',
      source: 'Amazon DynamoDB Developer Guide, "Quotas": on demand, a table',
    },
  ];
}

/** The limit that is used up most. */
export function firstToBreak(all: readonly Load[]): Load & { used: number } {
  const used = all.map((load) => ({ ...load, used: load.peak / load.limit }));
  return used.reduce((worst, load) => (load.used > worst.used ? load : worst));
}

/** Pushes a month at which the first limit that is not the installation's own is reached, to two digits. */
export function ceiling(counts: Counts): { perMonth: number; load: Load } {
  let perMonth = 1000;
  for (;;) {
    const foreign = loads(counts, perMonth).filter(({ source }) => !source.startsWith('lib/'));
    const worst = firstToBreak(foreign);
    if (worst.used >= 1 || perMonth > 5_000_000)
      return { perMonth: Number(perMonth.toPrecision(2)), load: worst };
    perMonth = Math.ceil(perMonth * 1.25);
  }
}

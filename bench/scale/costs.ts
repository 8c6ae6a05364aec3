import { IDLE_SECONDS } from '../../lib/engine/microvm/control.ts';
import { arrivals, busyHours } from './arrivals.ts';
import { type Counts, repositoriesFor } from './counts.ts';
import { PRICES, type PriceName, type Region } from './prices.ts';

/** One line of a bill. */
export interface Item {
  what: string;
  quantity: number;
  price: PriceName;
}

export type Engine = 'function' | 'microvm' | 'codebuild';

const HOURS = 730;
const GB = 1e9;
/** Of a build that CodeBuild does: to get a machine, and to start what builds on it. */
export const PROVISION_SECONDS = 40;
/** Nodes that Auto Mode keeps for metrics-server where no app runs: at least one. */
export const NODE: Item = { what: 'node', quantity: HOURS, price: 'nodeHour' };
/** A machine for a build has so much (lib/stacks/microvms.ts), and is suspended so long after it. */
export const MACHINE = { vcpus: 2, gb: 4, idleSeconds: IDLE_SECONDS };
/** Months that images are kept on average: the last 100 of each app. */
const MONTHS_KEPT = 1;
/** Every five minutes, whether or not anything happens. */
const SWEEPS = (30 * 24 * 60) / 5;
/** Seconds of a sweep that finds nothing to do, of 0.5 GB. */
const SWEEP_SECONDS = 0.3;

/** What an installation costs in a month in which nobody pushes. Nodes and load balancers are the apps' own. */
export function idleItems({ idle }: Counts): Item[] {
  return [
    { what: 'EKS control plane', quantity: HOURS, price: 'eksHour' },
    { what: `NAT gateway (${idle.natGateways})`, quantity: idle.natGateways * HOURS, price: 'natHour' },
    { what: 'its public address', quantity: idle.natGateways * HOURS, price: 'ipHour' },
    { what: `secrets (${idle.secrets})`, quantity: idle.secrets, price: 'secretMonth' },
    {
      what: `metrics that alarms watch (${idle.alarmMetrics})`,
      quantity: idle.alarmMetrics,
      price: 'alarmMonth',
    },
    {
      what: `composite alarms (${idle.compositeAlarms})`,
      quantity: idle.compositeAlarms,
      price: 'compositeAlarmMonth',
    },
    // Written by the clock; what a push writes is in monthItems.
    { what: `metrics (${idle.metrics})`, quantity: idle.metrics, price: 'metricMonth' },
    { what: `dashboards (${idle.dashboards})`, quantity: idle.dashboards, price: 'dashboardMonth' },
    { what: 'sweeps: invocations', quantity: SWEEPS / 1e6, price: 'lambdaMillionRequests' },
    { what: 'sweeps: time', quantity: SWEEPS * SWEEP_SECONDS * 0.5, price: 'lambdaGbSecond' },
  ];
}

/**
 * What a month with so many pushes costs beside them: a metric is paid for in each hour in which it is written, however
 * often.
 */
export function monthItems({ metrics }: Counts, perMonth: number): Item[] {
  const hours = busyHours(arrivals({ perMonth, seed: 1 }), repositoriesFor(perMonth));
  const written = metrics.ofAll * hours.all + metrics.ofApp * hours.ofApps;
  return [{ what: 'metrics of pushes', quantity: written / HOURS, price: 'metricMonth' }];
}

/** What one push costs that `engine` builds, but for its metrics. */
export function pushItems(counts: Counts, engine: Engine): Item[] {
  const { functions, durable, dynamoDb, bytes, calls } = counts;
  const all = Object.entries(functions).filter(([name]) => name !== 'sweep');
  const invocations = all.reduce((sum, [, one]) => sum + one.invocations, 0);
  // The builder itself only waits where others build: it looks every few seconds, in an eighth of the time.
  const gbSeconds = all.reduce(
    (sum, [name, one]) =>
      sum + (name === 'build-image' && engine !== 'function' ? one.gbSeconds / 8 : one.gbSeconds),
    0,
  );
  return [
    { what: 'invocations', quantity: invocations / 1e6, price: 'lambdaMillionRequests' },
    { what: 'functions', quantity: gbSeconds, price: 'lambdaGbSecond' },
    { what: 'durable operations', quantity: durable.operations / 1e6, price: 'durableMillionOperations' },
    { what: 'durable data', quantity: durable.bytesWritten / GB, price: 'durableGbWritten' },
    { what: 'durable histories', quantity: durable.bytesWritten / GB, price: 'durableGbMonth' },
    { what: 'ledger, writes', quantity: dynamoDb.writeUnits / 1e6, price: 'dynamoMillionWrites' },
    { what: 'ledger, reads', quantity: dynamoDb.readUnits / 1e6, price: 'dynamoMillionReads' },
    { what: 'logs', quantity: bytes.logs / GB, price: 'logsGb' },
    { what: 'image', quantity: (bytes.image / GB) * MONTHS_KEPT, price: 'ecrGbMonth' },
    {
      what: 'secrets',
      quantity: (calls['secretsmanager:GetSecretValue'] ?? 0) / 10_000,
      price: 'secretCalls',
    },
    ...engineItems(counts, engine),
  ];
}

function engineItems({ seconds }: Counts, engine: Engine): Item[] {
  if (engine === 'function') return [];
  if (engine === 'codebuild') {
    const minutes = Math.ceil((seconds.build + PROVISION_SECONDS) / 60);
    return [{ what: 'CodeBuild', quantity: minutes, price: 'codeBuildMinute' }];
  }
  const hours = (seconds.build + MACHINE.idleSeconds) / 3600;
  return [
    { what: 'MicroVM, processors', quantity: hours * MACHINE.vcpus, price: 'microVmVcpuHour' },
    { what: 'MicroVM, memory', quantity: hours * MACHINE.gb, price: 'microVmGbHour' },
  ];
}

/** In US dollars. */
export function costOf(items: readonly Item[], region: Region): number {
  return items.reduce((sum, { quantity, price }) => sum + quantity * PRICES[price].usd[region], 0);
}

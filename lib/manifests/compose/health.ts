import { secondsOf } from './amounts.ts';
import { bad, literally, type Making } from './making.ts';
import type { Port } from './ports.ts';

/** Docker's, where the file does not say (Dockerfile reference, HEALTHCHECK). */
const DEFAULTS = { interval: 30, timeout: 30, retries: 3 };
/** A rollout goes no faster than its probes, so they come at least as often as this; failures are counted to match. */
const LONGEST_PERIOD = 5;

/**
 * How the cluster finds out that a container takes requests: by the service's health check; where there is none, by
 * whether the app's own containers take connections. Nothing is restarted for it, as Docker restarts nothing either.
 */
export function readinessOf(making: Making, ports: readonly Port[]): Record<string, unknown> | undefined {
  const { healthcheck: said } = making.said;
  const test = said?.test === undefined ? undefined : [said.test].flat();
  if (said?.disable || test?.[0] === 'NONE') return undefined;
  if (said === undefined || test === undefined) {
    const port = ports.find(({ protocol }) => protocol === 'TCP')?.target;
    return making.isOwn && port !== undefined
      ? { tcpSocket: { port }, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 5 }
      : undefined;
  }
  const interval = seconds(making, 'interval', DEFAULTS.interval);
  const periodSeconds = Math.min(LONGEST_PERIOD, interval);
  const retries = Math.max(1, said.retries ?? DEFAULTS.retries);
  return {
    exec: { command: commandOf(making, said.test ?? '').map(literally) },
    periodSeconds,
    timeoutSeconds: seconds(making, 'timeout', DEFAULTS.timeout),
    failureThreshold: Math.ceil((retries * interval) / periodSeconds),
  };
}

function commandOf(making: Making, test: string | string[]): string[] {
  if (typeof test === 'string') return ['/bin/sh', '-c', test];
  const [how, ...words] = test;
  if (how === 'CMD' && words.length > 0) return words;
  if (how === 'CMD-SHELL' && words.length === 1) return ['/bin/sh', '-c', words[0] ?? ''];
  throw bad(making, 'healthcheck.test', 'has to begin with CMD, CMD-SHELL or NONE');
}

function seconds(making: Making, key: 'interval' | 'timeout', standard: number): number {
  const said = making.said.healthcheck?.[key];
  const read = said === undefined ? standard : secondsOf(said);
  if (read === undefined)
    throw bad(making, `healthcheck.${key}`, `is no duration: ${said}`, 'write it like 30s');
  return Math.max(1, read);
}

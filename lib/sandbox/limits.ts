import { totalmem } from 'node:os';

/** What one command may use at most. */
export interface RunLimits {
  /** Milliseconds from its start to its end; without it there is no such limit. */
  runTimeout?: number;
  /** Processes and threads at the same time, where cgroups or, for an ordinary user, resource limits hold them. */
  processes: number;
  /** Bytes of memory, where cgroups hold them. */
  memoryBytes: number;
  /** Bytes that it may write to disk. */
  diskBytes: number;
  /** Bytes that it may write to standard output and error together. */
  outputBytes: number;
}

const MIB = 1024 ** 2;

/** More than any build that was meant needs, and less than what takes this machine down. */
export function defaultLimits(memory = totalmem()): RunLimits {
  return {
    processes: 16_384,
    memoryBytes: memory - Math.max(512 * MIB, Math.round(memory / 10)),
    diskBytes: 64 * 1024 * MIB,
    outputBytes: 256 * MIB,
  };
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `1.5 GiB`. */
export function renderBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${Math.round(value * 10) / 10} ${UNITS[unit]}`;
}

/** A command that used more than it may; it has been ended. The message says what it did. */
export class LimitExceeded extends Error {
  readonly limit: keyof RunLimits;

  constructor(limit: keyof RunLimits, message: string) {
    super(message);
    this.name = 'LimitExceeded';
    this.limit = limit;
  }
}

/** The error of a command that writes and writes. */
export function tooMuchOutput(outputBytes: number): LimitExceeded {
  return exceeded('outputBytes', { ...defaultLimits(), outputBytes });
}

/** The error of a limit that was reached. */
export function exceeded(limit: keyof RunLimits, limits: RunLimits): LimitExceeded {
  const bytes = renderBytes(limits[limit] ?? 0);
  const did: Record<keyof RunLimits, string> = {
    runTimeout: `the command ran longer than ${(limits.runTimeout ?? 0) / 1000} seconds`,
    processes: `the command had more than ${limits.processes} processes at once`,
    memoryBytes: `the command needed more than ${bytes} of memory`,
    diskBytes: `the command wrote more than ${bytes} to disk`,
    outputBytes: `the command wrote more than ${bytes} of output`,
  };
  return new LimitExceeded(limit, did[limit]);
}

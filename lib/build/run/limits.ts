import type { RunInstruction } from '../../dockerfile/types.ts';
import { defaultLimits, exceeded, LimitExceeded, type RunLimits } from '../../sandbox/limits.ts';
import { BuildFailure, excerpt } from '../failure.ts';
import type { Shared } from '../shared.ts';
import type { Output } from './run-step.ts';

/** What each RUN may use at most: what was asked for, else what spares this machine. */
export function limitsOf({ limits }: Pick<Shared, 'limits'>): RunLimits {
  return { ...defaultLimits(), ...limits };
}

/** Runs a command; that it reached a limit becomes the failure of its line, with the option that has the limit. */
export async function inLimits<T>(
  { line, endLine }: RunInstruction,
  { dockerfile }: Pick<Shared, 'dockerfile'>,
  output: Output,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof LimitExceeded)) throw error;
    const { name, lines } = dockerfile;
    const details = [...output.last, '', `${name}:${line}`, excerpt(lines, line, endLine)].join('\n').trim();
    const fault = {
      code: 'build/limit',
      operation: 'building the image',
      place: `${name}:${line}`,
      cause: error.message,
      remedy: `let it need less, or raise the limit ${error.limit}`,
    };
    throw new BuildFailure(fault, line, details, { cause: error });
  }
}

/** Which limit a command reached, where that is what an error says. */
export function limitReached(error: unknown): keyof RunLimits | undefined {
  return error instanceof LimitExceeded ? error.limit : undefined;
}

/** Runs something that ends when its signal aborts, which it does when the time of a RUN is over. */
export async function withTimeout<T>(
  limits: RunLimits,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const aborter = new AbortController();
  const { runTimeout } = limits;
  const timer =
    runTimeout === undefined
      ? undefined
      : setTimeout(() => aborter.abort(exceeded('runTimeout', limits)), runTimeout);
  try {
    return await run(signal === undefined ? aborter.signal : AbortSignal.any([signal, aborter.signal]));
  } finally {
    clearTimeout(timer);
  }
}

import { BuildFailure } from '../build/failure.ts';
import type { Need } from '../build/plan/needs.ts';
import { FairleadError } from '../errors.ts';
import type { Choice } from './choose.ts';
import { needOf } from './late-need.ts';
import type { EngineName } from './types.ts';

/** What is done when a build ended without an image. */
export type Recourse =
  /** The engine is passed over, and another one chosen. */
  | { is: 'pass-over'; engine: EngineName; why: string }
  /** Who builds is chosen again, knowing this. */
  | { is: 'choose-again'; need: Need }
  /** The error is the answer. */
  | { is: 'none' };

export interface Attempt {
  /** Who built. */
  choice: Exclude<Choice, { is: 'none' }>;
  /** What fairlead.yaml says. */
  pinned?: EngineName | undefined;
  /** ms that the function had, where they were up. */
  cutOffAfter?: number | undefined;
}

/** What an engine throws when it has no room for a build now, and when it never has enough for that one. */
const ELSEWHERE = new Set(['engine/unavailable', 'engine/exhausted']);

/** What is left to do after an attempt at a build that threw `error`. Pure. */
export function recourseAfter(error: unknown, { choice, pinned, cutOffAfter }: Attempt): Recourse {
  if (choice.is === 'function' && cutOffAfter !== undefined) {
    const why = `it did not end within ${(cutOffAfter / 60_000).toFixed(1)} minutes`;
    return { is: 'pass-over', engine: 'function', why };
  }
  if (choice.is === 'remote' && error instanceof FairleadError && ELSEWHERE.has(error.code))
    return { is: 'pass-over', engine: choice.engine.name, why: error.fault.cause };
  // Some things show only when a stage is begun: the triggers of its base, the values of variables.
  if (error instanceof BuildFailure && error.code === 'build/no-engine' && pinned === undefined)
    return { is: 'choose-again', need: needOf(error) };
  return { is: 'none' };
}

import { BuildFailure } from '../build/failure.ts';
import type { BuildFacts, Need } from '../build/plan/needs.ts';
import { FairleadError } from '../errors.ts';
import { machinePlatform } from '../image/platform.ts';
import type { EngineName } from './types.ts';

/** What a build needs that turned out, when it was under way, to be nothing for the function. */
export function needOf({ fault, line, details }: BuildFailure): Need {
  const marked = /^\s*\d+ \| >>> (.*)$/m.exec(details)?.[1]?.trim();
  return {
    instruction: marked ?? 'a line',
    line,
    file: fault.place?.split(':')[0] ?? 'Dockerfile',
    why: fault.cause,
    platform: machinePlatform(),
  };
}

/** The facts with one need more. */
export function withNeed(facts: BuildFacts, need: Need): BuildFacts {
  return { ...facts, needs: (build) => [...facts.needs(build), need] };
}

/** The failure of a build that was broken off in the function, and that nobody goes on with. */
function tooSlow(slow: string, why: string): FairleadError {
  return new FairleadError({
    code: 'engine/too-slow',
    operation: 'building the image',
    cause: `in a Lambda function ${slow}, and ${why}`,
    remedy: 'install an engine that has more time (MicroVMs, CodeBuild), or let the Dockerfile do less',
  });
}

/**
 * The failure of a build that nobody takes; `why` says what became of each engine. `refused` has those that would,
 * another time, and the function where that took too long; `exhausted` is the error of one that has too little for it.
 */
export function nobodyBuilds(
  need: Need | undefined,
  why: string,
  refused: ReadonlyMap<EngineName, string>,
  exhausted?: FairleadError,
): FairleadError {
  if (exhausted !== undefined) return exhausted;
  const slow = refused.get('function');
  if (slow !== undefined) return tooSlow(slow, why);
  const operation = 'choosing who builds the image';
  if (refused.size > 0)
    return new FairleadError({
      code: 'engine/unavailable',
      operation,
      cause: `nobody can build it now: ${why}`,
      remedy: 'push again when there is room, or install another engine',
    });
  if (need === undefined)
    return new FairleadError({
      code: 'app/no-engine',
      operation,
      place: 'fairlead.yaml: engine',
      cause: why,
      remedy: 'leave the engine out of fairlead.yaml, or install it',
    });
  const { instruction, file, line, why: reason } = need;
  const cause = `${instruction} is nothing for a Lambda function (${reason}), and ${why}`;
  const remedy = 'keep to COPY and plain go commands, or install an engine that runs any command';
  return new BuildFailure(
    { code: 'build/no-engine', operation, place: `${file}:${line}`, cause, remedy },
    line,
    '',
  );
}

import type { Instruction } from '../../dockerfile/types.ts';
import { isCache, touchesCache } from '../go/caches.ts';
import { classify } from '../go/classify.ts';
import { argvOf, DEFAULT_SHELL, within } from '../stage/config.ts';
import type { PlanInput, Reason, StagePlan } from './plan.ts';
import { stageOf } from './stage-of.ts';

/** A stage whose commands are to leave Go's caches in its files, and so are another engine's, with the line that wants it. */
export interface Wanted extends Reason {
  stage: number;
}

type Facts = Pick<PlanInput, 'dockerfile' | 'requiresModules'>;

/**
 * Go's modules and what it compiled are beside all stages of the function engine, and in none. What takes them from
 * such a stage is content with that only where the same engine compiles with them. Pure; `chainOf` answers the stages
 * that one is made of.
 */
export function wantedCaches(
  plans: readonly StagePlan[],
  facts: Facts,
  chainOf: (index: number) => readonly StagePlan[],
): Wanted[] {
  const found: Wanted[] = [];
  const fills = (index: number) =>
    chainOf(index).some(({ stage, engine }) => engine === 'function' && stage.instructions.some(fillsCaches));
  for (const plan of plans) {
    for (const instruction of plan.stage.instructions) {
      for (const stage of takesCachesFrom(instruction, plan.stage.index, facts)) {
        if (!fills(stage) || isShared(instruction, plan, chainOf)) continue;
        const { line, endLine } = instruction;
        found.push({ stage, line, endLine, why: "it takes Go's caches of another stage" });
      }
    }
  }
  const target = plans.at(-1)?.stage.index ?? 0;
  const chain = chainOf(target);
  const run = chain.flatMap(({ stage }) => stage.instructions).find(fillsCaches);
  if (facts.requiresModules !== true || !fills(target) || run === undefined || !startsGo(chain)) return found;
  const why = 'the image starts go, and would not have the modules that this line downloads';
  return [...found, { stage: target, line: run.line, endLine: run.endLine, why }];
}

/** The lines of a stage that copy what is there for all. Pure. */
export function sharedCaches(
  plan: StagePlan,
  facts: Facts,
  chainOf: (index: number) => readonly StagePlan[],
): Set<number> {
  const { index, instructions } = plan.stage;
  const lines = instructions.filter((instruction) =>
    takesCachesFrom(instruction, index, facts).some(
      (stage) =>
        isShared(instruction, plan, chainOf) && chainOf(stage).every(({ engine }) => engine === 'function'),
    ),
  );
  return new Set(lines.map(({ line }) => line));
}

/** A copy of a cache to where it is anyway, in a stage of the same engine that does not end up in the image. */
function isShared(
  instruction: Instruction,
  { stage, engine, published }: StagePlan,
  chainOf: (index: number) => readonly StagePlan[],
): boolean {
  if (instruction.keyword !== 'COPY' || engine !== 'function' || published) return false;
  const { base } = chainOf(stage.index).at(-1)?.from ?? {};
  if (base?.kind !== 'image' || base.golang === undefined) return false;
  const [source = '', ...more] = instruction.sources.map(pathOf);
  return more.length === 0 && isCache(source) && pathOf(instruction.destination) === source;
}

function takesCachesFrom(instruction: Instruction, before: number, { dockerfile }: Facts): number[] {
  const stage = (name: string | undefined) =>
    name === undefined ? [] : (stageOf(name, before, dockerfile) ?? []);
  if (instruction.keyword === 'COPY')
    return instruction.sources.some((source) => touchesCache(pathOf(source)))
      ? [stage(instruction.from)].flat()
      : [];
  if (instruction.keyword !== 'RUN') return [];
  return instruction.mounts.flatMap((mount) =>
    (mount.type === 'bind' || mount.type === 'cache') && touchesCache(pathOf(mount.source ?? '/'))
      ? stage(mount.from)
      : [],
  );
}

// What other variables hold shows when the line is carried out.
function pathOf(text: string): string {
  return within('/', text.replace(/^\$(GOPATH|\{GOPATH\})/, '/go'));
}

function fillsCaches(instruction: Instruction): boolean {
  if (instruction.keyword !== 'RUN') return false;
  const classified = classify(instruction.command, DEFAULT_SHELL);
  return classified.plain && classified.fillsCaches;
}

/** Programs that compile, or have others do it, in the container. */
const COMPILERS = /(^|[\s/;&|"])(go|air|dlv|make|task|mage|reflex|gow|wgo|CompileDaemon)(\s|$)/;

/** Whether the container starts with go, as far as the Dockerfile says: the golang image's own command is a shell. */
function startsGo(chain: readonly StagePlan[]): boolean {
  const last = (keyword: 'CMD' | 'ENTRYPOINT') =>
    chain
      .flatMap(({ stage }) => stage.instructions.toReversed())
      .flatMap((one) => (one.keyword === keyword ? [argvOf(one.command, { Shell: [] }).join(' ')] : []))[0];
  const commands = [last('ENTRYPOINT'), last('CMD')].filter((text) => text !== undefined);
  return commands.length === 0 || commands.some((text) => COMPILERS.test(text));
}

import type { Dockerfile, Stage } from '../../dockerfile/types.ts';
import type { Platform } from '../../image/types.ts';
import type { GoVersion } from '../go/versions.ts';
import { sharedCaches, wantedCaches } from './go-caches.ts';
import { reasonsOf, settingsOf } from './reasons.ts';
import { stageOf } from './stage-of.ts';

/** What a stage begins with. `golang` is set when the image is Go's own: the version that its tag asks for. */
export type Base =
  | { kind: 'scratch' }
  | { kind: 'stage'; index: number }
  | { kind: 'image'; reference: string; golang?: GoVersion };

/** A FROM with its variables replaced. */
export interface ResolvedFrom {
  base: Base;
  platform: Platform;
}

/** Why the function engine cannot carry out a line. */
export interface Reason {
  line: number;
  endLine?: number;
  why: string;
}

/** `function`: without any privileges, plain go commands alone; `sandbox`: any command, in namespaces of its own. */
export type Engine = 'function' | 'sandbox';

/** What a build needs of a stage's base image: nothing, if it can be had its configuration, the files' names, the files. */
type Need = 'configuration if reachable' | 'configuration' | 'index' | 'files';

export interface StagePlan {
  stage: Stage;
  from: ResolvedFrom;
  engine: Engine;
  /** Whether its layers end up in the image. */
  published: boolean;
  need: Need;
  /** The stages that it begins with or takes files from. */
  after: ReadonlySet<number>;
  /** Why it is not the function engine's. */
  reasons: Reason[];
  /** The lines that copy modules to where the function engine has them anyway. */
  shares: ReadonlySet<number>;
}

/** The builder's abilities, for the plan. */
export interface Abilities {
  /** The version of the Go toolchain at hand. */
  go?: GoVersion;
}

export interface PlanInput {
  dockerfile: Dockerfile;
  froms: ResolvedFrom[];
  target: number;
  /** The go directive of the context's go.mod. */
  goDirective?: GoVersion;
  /** Whether that go.mod requires modules of others. */
  requiresModules?: boolean;
  abilities: Abilities;
  /** What showed only when a stage was carried out: reasons by the stage's index. */
  shown?: ReadonlyMap<number, readonly Reason[]>;
}

/** The stages that the target needs, in the order of the Dockerfile, each with its engine. Pure. */
export function planStages(input: PlanInput): StagePlan[] {
  const needed = neededStages(input);
  const published = chainOf(input, input.target);
  const plans = [...needed].sort((a, b) => a - b).map((index) => planStage(input, index, published));
  // Whoever is in another engine may want of the others what they do not have in this one.
  for (let before = -1; before < countReasons(plans); ) {
    before = countReasons(plans);
    chooseEngines(input, plans);
    for (const { stage, ...reason } of wantedCaches(plans, input, chainAt))
      plans.find((plan) => plan.stage.index === stage)?.reasons.push(reason);
  }
  return plans.map((plan) => ({ ...plan, need: needOf(plan), shares: sharedCaches(plan, input, chainAt) }));

  /** The stages that one is made of, itself first. */
  function chainAt(index: number): StagePlan[] {
    const chain = chainOf(input, index);
    return plans.filter(({ stage }) => chain.has(stage.index)).reverse();
  }
}

function countReasons(plans: readonly StagePlan[]): number {
  return plans.reduce((count, { reasons }) => count + reasons.length, 0);
}

/** Stages on top of one another share a file system, so that one of them in the sandbox takes the others along. */
function chooseEngines(input: PlanInput, plans: StagePlan[]): void {
  for (const plan of plans) {
    const family = plans.filter(
      (other) => rootOf(input, other.stage.index) === rootOf(input, plan.stage.index),
    );
    if (family.some(({ reasons }) => reasons.length > 0)) plan.engine = 'sandbox';
  }
}

function planStage(input: PlanInput, index: number, published: Set<number>): StagePlan {
  const stage = input.dockerfile.stages[index] as Stage;
  const from = input.froms[index] as ResolvedFrom;
  const root = input.froms[rootOf(input, index)] as ResolvedFrom;
  const below = [...chainOf(input, index)].slice(1).reverse();
  const settings = settingsOf(below.flatMap((one) => input.dockerfile.stages[one]?.instructions ?? []));
  const reasons = [...reasonsOf(input, stage, root.base, settings), ...(input.shown?.get(index) ?? [])];
  return {
    stage,
    from,
    engine: 'function',
    published: published.has(index),
    need: 'configuration',
    after: stagesBefore(input, index),
    reasons,
    shares: new Set(),
  };
}

function needOf({ engine, published, from, stage }: StagePlan): Need {
  if (from.base.kind !== 'image') return 'configuration';
  if (engine === 'sandbox') return 'files';
  const isGolang = from.base.golang !== undefined;
  if (isGolang) return published ? 'configuration' : 'configuration if reachable';
  const writes = stage.instructions.some(({ keyword }) =>
    ['COPY', 'ADD', 'WORKDIR', 'RUN'].includes(keyword),
  );
  return writes || !published ? 'index' : 'configuration';
}

/** The stages whose files or configuration the target is made of, itself included. */
function chainOf({ froms }: PlanInput, index: number): Set<number> {
  const chain = new Set([index]);
  for (let base = froms[index]?.base; base?.kind === 'stage'; base = froms[base.index]?.base)
    chain.add(base.index);
  return chain;
}

function rootOf(input: PlanInput, index: number): number {
  return Math.min(...chainOf(input, index));
}

function neededStages(input: PlanInput): Set<number> {
  const needed = new Set<number>();
  const visit = (index: number) => {
    if (needed.has(index)) return;
    needed.add(index);
    for (const before of stagesBefore(input, index)) visit(before);
  };
  visit(input.target);
  return needed;
}

/** The stages that have to be there before the stage at `index` is, its base among them. */
function stagesBefore({ dockerfile, froms }: Pick<PlanInput, 'dockerfile' | 'froms'>, index: number) {
  const base = froms[index]?.base;
  const sources = fromNames(dockerfile.stages[index] as Stage).flatMap(
    (name) => stageOf(name, index, dockerfile) ?? [],
  );
  return new Set(base?.kind === 'stage' ? [base.index, ...sources] : sources);
}

/** The stages and images that the instructions of a stage take files from: `COPY --from`, `RUN --mount=from=`. */
export function fromNames({ instructions }: Pick<Stage, 'instructions'>): string[] {
  return instructions.flatMap((instruction) => {
    if (instruction.keyword === 'COPY') return instruction.from ?? [];
    if (instruction.keyword !== 'RUN') return [];
    return instruction.mounts.flatMap((mount) => ('from' in mount ? (mount.from ?? []) : []));
  });
}

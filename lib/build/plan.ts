import type { Dockerfile, RunInstruction, Stage } from '../dockerfile/types.ts';
import type { Platform } from '../image/types.ts';
import { DEFAULT_SHELL } from './config.ts';
import { classify } from './go/classify.ts';
import { compareGoVersions, type GoVersion, renderGoVersion } from './go/versions.ts';

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
interface Reason {
  line: number;
  why: string;
}

type Engine = 'function' | 'sandbox';

/** What a build needs of a stage's base image: nothing, if it can be had its configuration, the files' names, the files. */
type Need = 'configuration if reachable' | 'configuration' | 'index' | 'files';

export interface StagePlan {
  stage: Stage;
  from: ResolvedFrom;
  engine: Engine;
  /** Whether its layers end up in the image. */
  published: boolean;
  need: Need;
  /** Why it is not the function engine's. */
  reasons: Reason[];
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
  abilities: Abilities;
}

/** The stages that the target needs, in the order of the Dockerfile, each with its engine. Pure. */
export function planStages(input: PlanInput): StagePlan[] {
  const needed = neededStages(input);
  const published = chainOf(input, input.target);
  const plans = [...needed].sort((a, b) => a - b).map((index) => planStage(input, index, published));
  // Stages on top of one another share a file system, so that one of them in the sandbox takes the others along.
  for (const plan of plans) {
    const family = plans.filter(
      (other) => rootOf(input, other.stage.index) === rootOf(input, plan.stage.index),
    );
    if (family.some(({ reasons }) => reasons.length > 0)) plan.engine = 'sandbox';
  }
  return plans.map((plan) => ({ ...plan, need: needOf(plan) }));
}

function planStage(input: PlanInput, index: number, published: Set<number>): StagePlan {
  const stage = input.dockerfile.stages[index] as Stage;
  const from = input.froms[index] as ResolvedFrom;
  const root = input.froms[rootOf(input, index)] as ResolvedFrom;
  const reasons = reasonsOf(input, stage, root.base);
  return { stage, from, engine: 'function', published: published.has(index), need: 'configuration', reasons };
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
    const base = input.froms[index]?.base;
    if (base?.kind === 'stage') visit(base.index);
    const stage = input.dockerfile.stages[index] as Stage;
    for (const { source } of stageSources(stage, input.dockerfile))
      if (typeof source === 'number') visit(source);
  };
  visit(input.target);
  return needed;
}

/** Where each `COPY --from` of a stage takes from: an earlier stage by its index, or an image by its name. */
function stageSources(stage: Stage, dockerfile: Dockerfile): { line: number; source: number | string }[] {
  return stage.instructions.flatMap((instruction) => {
    if (instruction.keyword !== 'COPY' || instruction.from === undefined) return [];
    return [
      {
        line: instruction.line,
        source: stageOf(instruction.from, stage.index, dockerfile) ?? instruction.from,
      },
    ];
  });
}

/** The earlier stage that `name` (or a number) means, as seen from stage `before`. */
export function stageOf(name: string, before: number, { stages }: Dockerfile): number | undefined {
  const earlier = stages.slice(0, before);
  const found = earlier.find((stage) => stage.name === name.toLowerCase())?.index;
  if (found !== undefined) return found;
  return /^\d+$/.test(name) && Number(name) < before ? Number(name) : undefined;
}

function reasonsOf(input: PlanInput, stage: Stage, base: Base): Reason[] {
  let shell: readonly string[] = DEFAULT_SHELL;
  let user: string | undefined;
  const reasons: Reason[] = [];
  for (const instruction of stage.instructions) {
    if (instruction.keyword === 'SHELL') shell = instruction.argv;
    if (instruction.keyword === 'USER') user = instruction.user;
    const why =
      instruction.keyword === 'RUN' ? whyNotFunction(instruction, { input, base, shell, user }) : undefined;
    if (why !== undefined) reasons.push({ line: instruction.line, why });
    const pairs = instruction.keyword === 'ENV' ? instruction.pairs : [];
    for (const why of pairs.flatMap(whyNotVariable)) reasons.push({ line: instruction.line, why });
  }
  return reasons;
}

/** Why go cannot run in the function engine with this variable. */
function whyNotVariable([name, value]: readonly [string, string]): string[] {
  if (name === 'CGO_ENABLED' && value === '1') return ['CGO_ENABLED=1 needs a C compiler'];
  if (name === 'GO111MODULE' && value === 'off') return ['without modules, imports may lead anywhere'];
  return [];
}

interface RunContext {
  input: PlanInput;
  base: Base;
  shell: readonly string[];
  user: string | undefined;
}

function whyNotFunction({ command }: RunInstruction, context: RunContext): string | undefined {
  const { base, shell, user, input } = context;
  const classified = classify(command, shell);
  if (!classified.plain) return classified.why;
  if (base.kind !== 'image' || base.golang === undefined) return 'the base is not the golang image';
  if (user !== undefined && !/^(root|0)(:(root|0))?$/.test(user)) return `it runs as the user ${user}`;
  const [why] = classified.commands.flatMap(({ assignments }) => assignments).flatMap(whyNotAssignment);
  if (why !== undefined) return why;
  return classified.usesGo ? whyNotThisGo(input, base.golang) : undefined;
}

function whyNotAssignment({ name, value }: { name: string; value: readonly unknown[] }): string[] {
  const [piece, ...more] = value as { text?: string }[];
  return more.length === 0 ? whyNotVariable([name, piece?.text ?? '']) : [];
}

function whyNotThisGo({ abilities, goDirective }: PlanInput, tag: GoVersion): string | undefined {
  const { go } = abilities;
  if (go === undefined) return 'there is no Go toolchain here';
  const have = `the Go at hand is ${renderGoVersion(go)}`;
  if (compareGoVersions(go, tag) < 0) return `${have}, older than the base's ${renderGoVersion(tag)}`;
  if (goDirective === undefined || compareGoVersions(go, goDirective) >= 0) return undefined;
  return `${have}, older than the ${renderGoVersion(goDirective)} that go.mod asks for`;
}

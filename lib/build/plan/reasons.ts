import type { Instruction, RunInstruction, Stage } from '../../dockerfile/types.ts';
import { classify } from '../go/classify.ts';
import { compareGoVersions, type GoVersion, renderGoVersion } from '../go/versions.ts';
import { DEFAULT_SHELL } from '../stage/config.ts';
import type { Base, PlanInput, Reason } from './plan.ts';

type Facts = Pick<PlanInput, 'abilities' | 'goDirective'>;

/** What decides how a RUN is read, and as whom it runs. */
interface Settings {
  shell: readonly string[];
  user: string | undefined;
}

/** The settings after these instructions, which may go on with those of a stage below. Pure. */
export function settingsOf(
  instructions: readonly Instruction[],
  before: Settings = { shell: DEFAULT_SHELL, user: undefined },
): Settings {
  const settings = { ...before };
  for (const instruction of instructions) {
    if (instruction.keyword === 'SHELL') settings.shell = instruction.argv;
    if (instruction.keyword === 'USER') settings.user = instruction.user;
  }
  return settings;
}

/**
 * Why the function engine cannot carry out a stage on top of `base`, line by line; nothing when it can. `below` is how
 * the stages left it that are between the two. Pure.
 */
export function reasonsOf(facts: Facts, stage: Stage, base: Base, below: Settings): Reason[] {
  let settings = below;
  const reasons: Reason[] = [];
  for (const instruction of stage.instructions) {
    const { line, endLine } = instruction;
    settings = settingsOf([instruction], settings);
    const why =
      instruction.keyword === 'RUN' ? whyNotFunction(instruction, { facts, base, ...settings }) : undefined;
    if (why !== undefined) reasons.push({ line, endLine, why });
    const pairs = instruction.keyword === 'ENV' ? instruction.pairs : [];
    for (const why of pairs.flatMap(whyNotVariable)) reasons.push({ line, endLine, why });
  }
  return reasons;
}

/** Why go cannot run in the function engine with this variable. */
function whyNotVariable([name, value]: readonly [string, string]): string[] {
  if (name === 'CGO_ENABLED' && value === '1') return ['CGO_ENABLED=1 needs a C compiler'];
  if (name === 'GO111MODULE' && value === 'off') return ['without modules, imports may lead anywhere'];
  return [];
}

interface RunContext extends Settings {
  facts: Facts;
  base: Base;
}

function whyNotFunction(instruction: RunInstruction, context: RunContext): string | undefined {
  const { command, mounts, network, security } = instruction;
  const { base, shell, user, facts } = context;
  const classified = classify(command, shell);
  if (!classified.plain) return classified.why;
  if (base.kind !== 'image' || base.golang === undefined) return 'the base is not the golang image';
  if (user !== undefined && !/^(root|0)(:(root|0))?$/.test(user)) return `it runs as the user ${user}`;
  const mount = mounts.find(({ type }) => type !== 'cache' && type !== 'bind');
  if (mount !== undefined) return `it mounts ${mount.type === 'ssh' ? 'an SSH agent' : `a ${mount.type}`}`;
  if (network === 'none') return 'it is to have no network';
  if (security === 'insecure') return 'it wants all privileges';
  const [why] = classified.commands.flatMap(({ assignments }) => assignments).flatMap(whyNotAssignment);
  if (why !== undefined) return why;
  if (facts.abilities.go === undefined) return 'there is no Go toolchain here';
  return classified.usesGo ? whyNotThisGo(facts.abilities.go, facts.goDirective, base.golang) : undefined;
}

function whyNotAssignment({ name, value }: { name: string; value: readonly unknown[] }): string[] {
  const [piece, ...more] = value as { text?: string }[];
  return more.length === 0 ? whyNotVariable([name, piece?.text ?? '']) : [];
}

function whyNotThisGo(go: GoVersion, directive: GoVersion | undefined, tag: GoVersion): string | undefined {
  const have = `the Go at hand is ${renderGoVersion(go)}`;
  if (compareGoVersions(go, tag) < 0) return `${have}, older than the base's ${renderGoVersion(tag)}`;
  if (directive === undefined || compareGoVersions(go, directive) >= 0) return undefined;
  return `${have}, older than the ${renderGoVersion(directive)} that go.mod asks for`;
}

import type { Dockerfile } from '../../dockerfile/types.ts';
import { renderPlatform, runsOn } from '../../image/platform.ts';
import type { Platform } from '../../image/types.ts';
import type { SandboxAbility } from '../../sandbox/ability.ts';
import { BuildFailure, excerpt } from '../failure.ts';
import type { Store } from '../store/store.ts';
import type { Engine, Reason, StagePlan } from './plan.ts';
import { rememberedAbility } from './remembered-ability.ts';

/** What keeps a plan from being carried out with this engine alone, by the first line that does. */
interface Obstacle extends Reason {
  remedy: string;
}

const SANDBOX_REMEDY = 'build as root or where user namespaces are allowed, or keep to plain go commands';

/** The first line that the function engine cannot carry out; nothing when it can carry out all of the plan. Pure. */
function whyNotFunction(plans: readonly StagePlan[]): Obstacle | undefined {
  const [first] = plans.flatMap(({ reasons }) => reasons);
  return first === undefined ? undefined : { ...first, remedy: SANDBOX_REMEDY };
}

/** The first line that no sandbox on this machine can carry out: a command for another processor. Pure. */
function whyNotSandbox(plans: readonly StagePlan[], machine: Platform): Obstacle | undefined {
  for (const { engine, stage, from } of plans) {
    const run = stage.instructions.find(({ keyword }) => keyword === 'RUN');
    if (engine === 'function' || run === undefined || runsOn(from.platform, machine)) continue;
    const { line, endLine } = run;
    const why = `a RUN for ${renderPlatform(from.platform)} does not work on ${renderPlatform(machine)}`;
    const remedy = `let the stage begin with FROM --platform=$BUILDPLATFORM and compile for $TARGETARCH, or build on ${from.platform.architecture}`;
    return { line, endLine, why, remedy };
  }
  return undefined;
}

/** Throws BuildFailure `build/no-engine`, before anything is done, when a stage is nothing for the engines at hand. */
export function refuseWithoutEngine(
  plans: readonly StagePlan[],
  machine: Platform,
  dockerfile: Dockerfile,
  sandbox: SandboxAbility,
): void {
  const obstacle = sandbox.able ? whyNotSandbox(plans, machine) : whyNotFunction(plans);
  if (obstacle === undefined) return;
  const { line, endLine, why, remedy } = obstacle;
  const cause = sandbox.able
    ? why
    : `this line cannot be run without a sandbox: ${why}; and there is none here: ${sandbox.why}`;
  throw new BuildFailure(
    {
      code: 'build/no-engine',
      operation: 'building the image',
      place: `${dockerfile.name}:${line}`,
      cause,
      remedy,
    },
    line,
    excerpt(dockerfile.lines, line, endLine),
  );
}

const abilities = new Map<string, Promise<SandboxAbility>>();

/** Tried out once for a cache directory in the life of this process, and only when a stage is the sandbox's. */
export async function sandboxAbility(
  plans: readonly StagePlan[],
  store: Store,
  engines: readonly Engine[] = ['function', 'sandbox'],
): Promise<SandboxAbility> {
  if (plans.every(({ engine }) => engine === 'function')) return { able: false, why: 'no line needs it' };
  if (!engines.includes('sandbox')) return { able: false, why: 'this build is to do without' };
  const known = abilities.get(store.directory) ?? rememberedAbility(store);
  abilities.set(store.directory, known);
  return known;
}

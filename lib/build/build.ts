import { assembleImage } from '../image/assemble.ts';
import type { Image, Platform } from '../image/types.ts';
import { probeSandbox, type SandboxAbility } from '../sandbox/ability.ts';
import { Bases, type ImageSource } from './bases.ts';
import { beginStage } from './begin.ts';
import { resolveFroms, targetStage } from './froms.ts';
import { findToolchain, type ProbedToolchain, probeToolchain, type Toolchain } from './go/toolchain.ts';
import { goDirective } from './go/versions.ts';
import { Hashes } from './hashes.ts';
import { type BuildInput, readInput } from './input.ts';
import { planStages, type StagePlan } from './plan.ts';
import type { ProgressEvent } from './progress.ts';
import { prune } from './prune.ts';
import { cannotRun } from './run-step.ts';
import type { SandboxDisks } from './sandbox-step.ts';
import type { Shared } from './shared.ts';
import { takeSlot } from './slots.ts';
import { buildStage } from './stage.ts';
import type { StageState } from './stage-state.ts';
import { keyOf, type Store } from './store.ts';

export interface BuildOptions {
  /** The directory of the build context. */
  context: string;
  /** The Dockerfile, relative to the context or absolute; `Dockerfile` when it is left out. */
  dockerfile?: string;
  /** The stage to build, by name or number; the last one when it is left out. */
  target?: string;
  buildArgs?: Record<string, string>;
  /** What the image is for; this machine's when it is left out. */
  platform?: Platform;
  /** Do every step again. The caches that Go keeps by itself stay. */
  noCache?: boolean;
  /** Kept between builds, and shared by them. */
  cacheDir: string;
  registries: ImageSource;
  /** What the cache may hold when the build is over; half of its disk, and 20 GiB at most, when it is left out. */
  cacheBytes?: number;
  /** The Go toolchain for the function engine; where it is usually installed when it is left out. */
  toolchain?: Toolchain;
  onProgress?: (event: ProgressEvent) => void;
  signal?: AbortSignal;
}

/**
 * Builds the image that a Dockerfile describes, as `docker build` does. The same context, Dockerfile, build args and
 * bases give the same digest: times are those of the build arg SOURCE_DATE_EPOCH, else 0.
 *
 * Throws BuildFailure (`build/run-failed`, `build/no-engine`, with the line and details for people), FairleadError
 * `dockerfile/…`, `build/…`, and what lib/registry and lib/image throw; the signal's reason when it aborts.
 */
export async function build(options: BuildOptions): Promise<Image> {
  const input = await readInput(options);
  const { store, dockerfile, platforms } = input;
  const toolchain = await findGo(options.toolchain);
  const target = targetStage(dockerfile, options.target);
  const plans = planFor(input, target, toolchain);
  const sandbox = await sandboxAbility(plans, store);
  const slot = takeSlot(store.path('stages'), keyOf(dockerfile.lines, target, platforms).slice(0, 16));
  const disks: SandboxDisks = new Map();
  try {
    const shared: Shared = {
      ...input,
      hashes: await Hashes.open(store, keyOf(input.directory)),
      bases: new Bases(options.registries, store, options.signal),
      noCache: options.noCache ?? false,
      workspace: slot.directory,
      sandbox,
      disks,
      onProgress: options.onProgress ?? (() => {}),
      ...(toolchain === undefined ? {} : { toolchain }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    refuseWithoutEngine(plans, platforms.build, shared);
    return await buildPlans(plans, shared);
  } finally {
    for (const disk of disks.values()) disk.remove();
    slot.release();
    prune(store, options.cacheBytes);
  }
}

function planFor(input: BuildInput, target: number, toolchain: ProbedToolchain | undefined): StagePlan[] {
  const { dockerfile, globals, args, platforms, goMod } = input;
  const directive = goDirective(goMod);
  return planStages({
    dockerfile,
    froms: resolveFroms(dockerfile, globals, args, platforms.target),
    target,
    abilities: toolchain === undefined ? {} : { go: toolchain.version },
    ...(directive === undefined ? {} : { goDirective: directive }),
  });
}

async function buildPlans(plans: StagePlan[], shared: Shared): Promise<Image> {
  const stages = new Map<number, StageState>();
  const beginnings = plans.map((plan) => beginStage({ shared, plan }, stages));
  for (const [index, plan] of plans.entries()) {
    const begin = beginnings[index];
    if (begin !== undefined)
      stages.set(plan.stage.index, await buildStage({ shared, plan }, await begin(), stages));
  }
  shared.hashes.save();
  for (const name of shared.args.unused()) {
    shared.onProgress({ type: 'notice', message: `the build arg ${name} is not used by the Dockerfile` });
  }
  return finish(stages.get(plans.at(-1)?.stage.index ?? -1) as StageState, shared.epoch);
}

async function finish(state: StageState, epoch: number): Promise<Image> {
  const { platform, config, history, author } = state;
  const created = new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
  const described = { created, ...platform, config, history, ...(author === undefined ? {} : { author }) };
  return assembleImage({ config: described, layers: await Promise.all(state.layers) });
}

function refuseWithoutEngine(plans: StagePlan[], platform: Platform, shared: Shared): void {
  const { sandbox } = shared;
  for (const { reasons, from, stage } of plans) {
    const [first] = reasons;
    if (first === undefined) continue;
    if (!sandbox.able) throw cannotRun(first, first.why, shared, sandbox.why);
    const wanted = from.platform.architecture;
    if (wanted === platform.architecture || stage.instructions.every(({ keyword }) => keyword !== 'RUN'))
      continue;
    throw cannotRun(first, first.why, shared, `RUN for ${wanted} does not work on ${platform.architecture}`);
  }
}

const abilities = new Map<string, Promise<SandboxAbility>>();

/** Tried out once for a cache directory in the life of this process, and only when a stage is the sandbox's. */
async function sandboxAbility(plans: StagePlan[], { directory }: Store): Promise<SandboxAbility> {
  if (plans.every(({ engine }) => engine === 'function')) return { able: false, why: 'no line needs it' };
  const known = abilities.get(directory) ?? probeSandbox(directory);
  abilities.set(directory, known);
  return known;
}

async function findGo(given: Toolchain | undefined): Promise<ProbedToolchain | undefined> {
  const toolchain = given ?? findToolchain({});
  return toolchain === undefined ? undefined : probeToolchain(toolchain);
}

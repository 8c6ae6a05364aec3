import { readFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { ignoreFiles, parseIgnore } from '../dockerfile/ignore.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import type { Dockerfile } from '../dockerfile/types.ts';
import { FairleadError, messageOf } from '../errors.ts';
import { assembleImage } from '../image/assemble.ts';
import { machinePlatform } from '../image/platform.ts';
import type { Image, Platform } from '../image/types.ts';
import type { Registries } from '../registry/registries.ts';
import { probeSandbox, type SandboxAbility } from '../sandbox/ability.ts';
import { Bases } from './bases.ts';
import { beginStage } from './begin.ts';
import { readContext } from './context.ts';
import { resolveFroms, targetStage } from './froms.ts';
import { findToolchain, type ProbedToolchain, probeToolchain, type Toolchain } from './go/toolchain.ts';
import { goDirective } from './go/versions.ts';
import { Hashes } from './hashes.ts';
import { type Abilities, planStages, type StagePlan } from './plan.ts';
import type { ProgressEvent } from './progress.ts';
import { cannotRun } from './run-step.ts';
import { BuildArgs, globalValues } from './scope.ts';
import type { Shared } from './shared.ts';
import { takeSlot } from './slots.ts';
import { buildStage } from './stage.ts';
import type { StageState } from './stage-state.ts';
import { keyOf, Store } from './store.ts';

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
  registries: Registries;
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
  const context = resolve(options.context);
  const { dockerfile, ignore } = await readDockerfile(context, options.dockerfile ?? 'Dockerfile');
  const store = new Store(resolve(options.cacheDir));
  const platforms = { build: machinePlatform(), target: options.platform ?? machinePlatform() };
  const args = new BuildArgs(options.buildArgs ?? {}, platforms);
  const globals = globalValues(dockerfile, args);
  const froms = resolveFroms(dockerfile, globals, args, platforms.target);
  const target = targetStage(dockerfile, options.target);
  const bases = new Bases(options.registries, store, options.signal);
  const epoch = epochOf(options.buildArgs);
  const tree = readContext(context, parseIgnore(ignore), epoch);
  const toolchain = await findGo(options.toolchain);
  const goMod = tree.get('go.mod')?.type === 'file' ? await readFile(join(context, 'go.mod'), 'utf8') : '';
  const directive = goDirective(goMod);
  const abilities: Abilities = toolchain === undefined ? {} : { go: toolchain.version };
  const plans = planStages({
    dockerfile,
    froms,
    target,
    abilities,
    ...(directive === undefined ? {} : { goDirective: directive }),
  });
  const sandbox = await sandboxAbility(plans, store);
  const slot = takeSlot(store.path('stages'), keyOf(dockerfile.lines, target, platforms).slice(0, 16));
  try {
    const shared: Shared = {
      dockerfile,
      context: tree,
      hashes: await Hashes.open(store, keyOf(context)),
      store,
      bases,
      args,
      globals,
      epoch,
      noCache: options.noCache ?? false,
      workspace: slot.directory,
      sandbox,
      disks: new Map(),
      onProgress: options.onProgress ?? (() => {}),
      ...(toolchain === undefined ? {} : { toolchain }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    refuseWithoutEngine(plans, platforms.build, shared);
    const image = await buildPlans(plans, shared);
    for (const disk of shared.disks.values()) await disk.remove();
    return image;
  } finally {
    slot.release();
  }
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

let known: Promise<SandboxAbility> | undefined;

/** Tried out once in the life of this process, and only when a stage is the sandbox's. */
async function sandboxAbility(plans: StagePlan[], store: Store): Promise<SandboxAbility> {
  if (plans.every(({ engine }) => engine === 'function')) return { able: false, why: 'no line needs it' };
  known ??= probeSandbox(store.directory);
  return known;
}

async function findGo(given: Toolchain | undefined): Promise<ProbedToolchain | undefined> {
  const toolchain = given ?? findToolchain({});
  return toolchain === undefined ? undefined : probeToolchain(toolchain);
}

async function readDockerfile(
  context: string,
  name: string,
): Promise<{ dockerfile: Dockerfile; ignore: string }> {
  const path = isAbsolute(name) ? name : join(context, name);
  const shown = path.startsWith(`${context}/`) ? relative(context, path) : name;
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new FairleadError({
      code: 'dockerfile/missing',
      operation: 'reading the Dockerfile',
      place: shown,
      cause: error.code === 'ENOENT' ? 'there is no such file in the build context' : messageOf(error),
      remedy: 'add a Dockerfile, or name it with -f',
    });
  });
  const [own = '', general = ''] = ignoreFiles(path);
  const ignore =
    (await readFile(own, 'utf8').catch(() => undefined)) ??
    (await readFile(join(context, general), 'utf8').catch(() => ''));
  return { dockerfile: parseDockerfile(text, shown), ignore };
}

function epochOf(buildArgs: Record<string, string> = {}): number {
  const text = buildArgs.SOURCE_DATE_EPOCH;
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : 0;
}

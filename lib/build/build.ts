import { availableParallelism } from 'node:os';
import { messageOf } from '../errors.ts';
import type { Image, Platform } from '../image/types.ts';
import type { NetworkPolicy } from '../network/policy.ts';
import type { RunLimits } from '../sandbox/limits.ts';
import type { RemoteCache } from './cache/remote-cache.ts';
import { findToolchain, type ProbedToolchain, probeToolchain, type Toolchain } from './go/toolchain.ts';
import { goDirective, requiresModules } from './go/versions.ts';
import { type BuildInput, readInput } from './input.ts';
import type { NamedContext } from './plan/contexts.ts';
import { refuseWithoutEngine, sandboxAbility } from './plan/engines.ts';
import { type Finding, shownReasons, withTriggers } from './plan/finding.ts';
import { resolveFroms, targetStage } from './plan/froms.ts';
import { type Engine, planStages, type StagePlan } from './plan/plan.ts';
import type { ProgressEvent } from './progress.ts';
import type { Privilege } from './run/privileges.ts';
import type { SandboxDisks } from './run/sandbox-step.ts';
import type { Confidential } from './run/secrets.ts';
import type { Shared } from './shared.ts';
import { Background } from './stage/background.ts';
import { buildStages, untilPlanHolds } from './stage/build-stages.ts';
import { Turns } from './stage/turns.ts';
import { Bases, type ImageSource } from './store/bases.ts';
import { Hashes } from './store/hashes.ts';
import { type Hold, holdCache } from './store/hold.ts';
import { takeSlot } from './store/slots.ts';
import { keyOf, type Store } from './store/store.ts';
import { timesOf } from './store/times.ts';

export interface BuildOptions extends Partial<Confidential> {
  /** The directory of the build context. */
  context: string;
  /** The Dockerfile, relative to the context or absolute; `Dockerfile` when it is left out. */
  dockerfile?: string;
  /** The stage to build, by name or number; the last one when it is left out. */
  target?: string;
  /** Its text, when it is in no file; `dockerfile` then only says how it is called. */
  dockerfileText?: string;
  buildArgs?: Record<string, string>;
  /** Labels of the image, over those that the Dockerfile says. */
  labels?: Record<string, string>;
  /** Annotations of the image's manifest. */
  annotations?: Record<string, string>;
  /** What a RUN has that says nothing of the network. */
  runNetwork?: 'default' | 'none' | 'host';
  /** What `FROM`, `COPY --from` and `RUN --mount=from=` may name besides stages and images. */
  contexts?: Readonly<Record<string, NamedContext>>;
  /** What the image is for; this machine's when it is left out. */
  platform?: Platform;
  /** Apart from whose caches this build's commands write, which it may read: see cacheScope. */
  scope?: string;
  /** Do every step again. The caches that Go keeps by itself stay. */
  noCache?: boolean;
  /** Keys of steps that were done just now by a build that this one belongs to, so that `noCache` spares them. */
  fresh?: Set<string>;
  /** Kept between builds, and shared by them. */
  cacheDir: string;
  registries: ImageSource;
  /** What other machines built; an object for this build alone. To keep this one's too, `save` it afterwards. */
  remoteCache?: RemoteCache;
  /** What the cache may hold when the build is over; half of its disk, and 20 GiB at most, when it is left out. */
  cacheBytes?: number;
  /**
   * Holds `cacheDir` until the image is published: see holdCache. Without it the build holds it until its end, and a later
   * one may remove layers of the image.
   */
  hold?: Hold;
  /** The Go toolchain for the function engine; where it is usually installed when it is left out. */
  toolchain?: Toolchain;
  /** Those that may carry out the Dockerfile; all when they are left out. */
  engines?: readonly Engine[];
  /** What ADD of a URL or of git may not connect to; nothing is refused when it is left out. */
  network?: NetworkPolicy;
  /** What each RUN in the sandbox may use at most, where it is not the usual: see RunLimits. */
  limits?: Partial<RunLimits>;
  /** What RUN may ask for; nothing when it is left out. */
  allow?: readonly Privilege[];
  /**
   * Fails a RUN in the sandbox that cannot have a network of its own, in which neither this machine nor its metadata
   * are reached, where it otherwise would have this machine's.
   */
  requireIsolatedNetwork?: boolean;
  onProgress?: (event: ProgressEvent) => void;
  signal?: AbortSignal;
}

/**
 * Builds the image that a Dockerfile describes, as `docker build` does. The same context, Dockerfile, build args and
 * bases give the same digest: times are those of the build arg SOURCE_DATE_EPOCH, else made of the files (store/times.ts).
 *
 * Throws BuildFailure (`build/run-failed`, `build/no-engine`, with the line and details for people), FairleadError
 * `dockerfile/…`, `build/…`, and what lib/registry and lib/image throw; the signal's reason when it aborts.
 */
export async function build(options: BuildOptions): Promise<Image> {
  const { cacheDir, cacheBytes, signal } = options;
  const own =
    options.hold === undefined ? await holdCache(cacheDir, { limit: cacheBytes, signal }) : undefined;
  try {
    return await buildOnce(options, !options.noCache);
  } catch (error) {
    if (signal?.aborted || !(await options.remoteCache?.isBroken())) throw error;
    const message = `what the cache in the registry has is damaged, so the build begins anew without it: ${messageOf(error)}`;
    options.onProgress?.({ type: 'notice', message });
    return await buildOnce(options, false);
  } finally {
    own?.release();
  }
}

// Who builds has asked for it himself.
const HOST_NETWORK: readonly Privilege[] = ['network.host'];

async function buildOnce(options: BuildOptions, reads: boolean): Promise<Image> {
  const { remoteCache, onProgress, signal } = options;
  const input = await readInput(options);
  for (const { rule, line, message } of input.warnings)
    onProgress?.({ type: 'notice', message: `${input.dockerfile.name}:${line}: ${message} (${rule})`, line });
  const { store, dockerfile, platforms } = input;
  const target = targetStage(dockerfile, options.target);
  const slot = takeSlot(store.path('stages'), keyOf(dockerfile.lines, target, platforms).slice(0, 16));
  const own = { disks: new Map() as SandboxDisks, background: new Background(), workspace: slot.directory };
  try {
    remoteCache?.begin(store, {
      reads,
      tell: (message) => onProgress?.({ type: 'notice', message }),
      ...(signal === undefined ? {} : { signal }),
    });
    const common = await commonOf(options, input, own);
    return await untilPlanHolds(async (findings, finished) => {
      const revised = { ...input, dockerfile: withTriggers(dockerfile, findings) };
      const plans = planFor(revised, target, common.toolchain, findings);
      removeDisks(own.disks);
      askForBases(plans, common.bases);
      const sandbox = await sandboxAbility(plans, store, options.engines);
      refuseWithoutEngine(plans, platforms.build, revised.dockerfile, sandbox);
      const times = timesOf(plans, options.buildArgs);
      return buildStages(plans, { ...revised, ...common, times, sandbox, findings }, finished, options);
    });
  } finally {
    await Promise.all([own.background.end(), remoteCache?.end()]);
    try {
      removeDisks(own.disks);
    } finally {
      slot.release();
    }
  }
}

/** While it is found out what can be run here; a stage that has no use for its base does without. */
function askForBases(plans: readonly StagePlan[], bases: Bases): void {
  for (const { from, need } of plans)
    if (from.base.kind === 'image' && need !== 'configuration if reachable')
      void bases.image(from.base.reference, from.platform).catch(() => {});
}

/** What is the same in all attempts at a build. */
async function commonOf(
  options: BuildOptions,
  { store, directory, aliases }: BuildInput,
  own: Pick<Shared, 'disks' | 'background' | 'workspace'>,
): Promise<Omit<Shared, keyof BuildInput | 'times' | 'sandbox' | 'findings' | 'signal'>> {
  const toolchain = await findGo(options, store);
  return {
    ...own,
    hashes: await Hashes.open(store, keyOf(directory)),
    noCache: options.noCache ?? false,
    ...(options.scope === undefined ? {} : { scope: options.scope }),
    fresh: options.fresh ?? new Set<string>(),
    turns: new Turns(availableParallelism()),
    bases: new Bases(options.registries, store, aliases, own.background.signal, own.background),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    allow: [...(options.allow ?? []), ...(options.runNetwork === 'host' ? HOST_NETWORK : [])],
    requireIsolatedNetwork: options.requireIsolatedNetwork ?? false,
    secrets: options.secrets ?? new Map(),
    ssh: options.ssh ?? new Map(),
    network: options.network ?? { refuse: 'nothing' },
    onProgress: options.onProgress ?? (() => {}),
    ...(toolchain === undefined ? {} : { toolchain }),
  };
}

function removeDisks(disks: SandboxDisks): void {
  for (const disk of disks.values()) disk.remove();
  disks.clear();
}

function planFor(
  input: BuildInput,
  target: number,
  toolchain: ProbedToolchain | undefined,
  findings: readonly Finding[],
): StagePlan[] {
  const { dockerfile, globals, platforms, goMod } = input;
  const directive = goDirective(goMod);
  return planStages({
    dockerfile,
    froms: resolveFroms(dockerfile, globals, platforms.target, input),
    target,
    abilities: toolchain === undefined ? {} : { go: toolchain.version },
    shown: shownReasons(findings),
    requiresModules: requiresModules(goMod),
    ...(directive === undefined ? {} : { goDirective: directive }),
  });
}

async function findGo(
  { toolchain: given, engines }: BuildOptions,
  store: Store,
): Promise<ProbedToolchain | undefined> {
  if (engines?.includes('function') === false) return undefined;
  const toolchain = given ?? findToolchain({});
  return toolchain === undefined ? undefined : probeToolchain(toolchain, store);
}

import { FairleadError } from '../errors.ts';
import type { LiveObject } from '../kube/wire.ts';
import { phasesOf, wholeOf } from '../release/phases.ts';
import type { Phase, Release } from '../release/types.ts';
import { internalName } from './address.ts';
import {
  type Application,
  applyPhase,
  begin,
  GOING_BACK,
  type Prepared,
  prepare,
  type Stopped,
} from './apply.ts';
import type { Begun } from './begun.ts';
import type { Cluster } from './cluster.ts';
import { isWrittenBy, runJobs } from './jobs.ts';
import { type Remembered, recall } from './memory.ts';
import { notesOn } from './notes.ts';
import { observe } from './observe.ts';
import { observeJob } from './observe-job.ts';
import { entriesOf, isRemembered, prune } from './prune.ts';
import { reach, serviceOf } from './reach.ts';
import type { AppliedFacts, RolloutAnswer } from './request.ts';
import type { Listener } from './roll-out.ts';
import { Secrets } from './secrets.ts';
import { type JobVerdict, type Verdict, verdictOfJob } from './verdict.ts';
import type { Ground } from './write-all.ts';

/** Milliseconds that one call follows the cluster for, and that it then waits for a load balancer's address. */
const BUDGET = 50_000;
const ADDRESS_BUDGET = 20_000;

/** One release on its way into a cluster, as one claim, within one call. */
export class Rollout {
  readonly #cluster: Cluster;
  readonly #release: Release;
  readonly #fence: number;
  readonly #listener: Listener;
  readonly #deadline = Date.now() + BUDGET;

  constructor(cluster: Cluster, release: Release, fence: number, listener: Listener) {
    this.#cluster = cluster;
    this.#release = release;
    this.#fence = fence;
    this.#listener = listener;
  }

  /** Applies the phase of that number, and follows it. */
  async apply(number: number): Promise<RolloutAnswer> {
    const phase = phaseOf(this.#release, number);
    const application = this.#application('refuse');
    if (number > 0) return this.#bringOut(application, phase);
    const [prepared, before] = await Promise.all([
      prepare(application),
      this.#listener.alarmsBefore?.(this.#release),
    ]);
    if (prepared.outcome !== 'prepared') return stopped(prepared);
    const { changes, remembered } = prepared;
    const now: Begun = { fence: this.#fence, changes, ...(before !== undefined && { before }) };
    // Asked for again, it must not take what it has changed itself for how it was before.
    const { fence, ...applied } = remembered.begun?.fence === this.#fence ? remembered.begun : now;
    const begun = await begin(application, prepared, { fence, ...applied });
    const answer = begun ? stopped(begun) : await this.#jobsAndPhase(application, phase, prepared);
    return isAboutPods(answer) ? { ...answer, applied } : answer;
  }

  /** Goes on where an answer `progressing` left off. */
  async goOn(number: number | 'back'): Promise<RolloutAnswer> {
    if (number === 'back') return this.#follow(backOf(this.#release));
    const phase = phaseOf(this.#release, number);
    if (number === 0 && (await this.#jobsAreLeft(phase))) {
      const application = this.#application('refuse');
      const begun = await begin(application);
      return begun ? stopped(begun) : this.#jobsAndPhase(application, phase);
    }
    return this.#follow(phase);
  }

  /** Applies a phase, or everything at once, without jobs. Only its workloads are asked for first: what can be brought back is. */
  async comeBack(number?: number): Promise<RolloutAnswer> {
    const application = this.#application({ tell: (notice) => this.#listener.onNotice?.(notice) });
    const begun = await begin(application);
    const phase = number === undefined ? backOf(this.#release) : phaseOf(this.#release, number);
    return begun ? stopped(begun) : this.#bringOut(application, phase, GOING_BACK);
  }

  /** Takes away what the release does not contain. */
  async finish(): Promise<RolloutAnswer> {
    await this.#prune();
    return { state: 'removed' };
  }

  #application(gone: ConstructorParameters<typeof Secrets>[1]): Application {
    const secrets = new Secrets(this.#listener.readSecret, gone);
    return { cluster: this.#cluster, release: this.#release, fence: this.#fence, secrets };
  }

  async #jobsAndPhase(application: Application, phase: Phase, prepared?: Prepared): Promise<RolloutAnswer> {
    if (this.#release.jobs.length > 0) {
      const ran = await runJobs(application, (name) => this.#followJob(name));
      if ('outcome' in ran) return stopped(ran);
      if (ran.state !== 'done') return answerTo(verdictOfJob(ran));
      // What was known before they ran is old by now.
      return this.#bringOut(application, phase);
    }
    return this.#bringOut(application, phase, prepared);
  }

  async #bringOut(
    application: Application,
    phase: Phase,
    basis?: Ground & Partial<Prepared>,
  ): Promise<RolloutAnswer> {
    const applied = await applyPhase(application, phase, basis);
    if (applied.outcome !== 'applied') return stopped(applied);
    this.#listener.onApplied(this.#release, applied);
    const answer = await this.#follow(phase, basis?.remembered);
    const notes = notesOn(applied);
    return basis === GOING_BACK && notes.length > 0 && isAboutPods(answer)
      ? { ...answer, applied: { changes: [], notes } }
      : answer;
  }

  /** Follows the workloads of `phase`; once they are live, and nobody is to watch them first, what is left over goes. */
  async #follow(phase: Phase, remembered?: Remembered): Promise<RolloutAnswer> {
    const { kube } = this.#cluster;
    const { onPod } = this.#listener;
    const patience = new AbortController();
    // Asked for while the pods start: nobody is to wait for it after them.
    const reaching = reach(kube, this.#release, patience.signal);
    reaching.catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    try {
      const verdict = await observe(kube, { ...this.#observation(), phase, onPod });
      if (verdict.state !== 'live') return answerTo(verdict);
      timer = setTimeout(() => patience.abort(), ADDRESS_BUDGET);
      const prunes = phase.prune && phase.bakeSeconds === 0;
      const [url] = await Promise.all([reaching, prunes ? this.#prune(remembered) : undefined]);
      const service = serviceOf(this.#release);
      return {
        state: 'live',
        ...(url !== undefined && { url }),
        ...(service !== undefined && { internalName: internalName(service, this.#release.namespace) }),
      };
    } finally {
      clearTimeout(timer);
      patience.abort();
    }
  }

  /** Follows a job of the release, or one that an earlier release has left. */
  #followJob(name: string): Promise<JobVerdict> {
    return observeJob(this.#cluster.kube, { ...this.#observation(), name });
  }

  #observation() {
    const { newestFence } = this.#listener;
    return {
      release: this.#release,
      fence: this.#fence,
      budget: Math.max(0, this.#deadline - Date.now()),
      ...(newestFence && { newestFence }),
    };
  }

  /** A release that serves is live, even if the cluster does not let go of what was there before. */
  async #prune(remembered?: Remembered): Promise<void> {
    const [cluster, release, fence] = [this.#cluster, this.#release, this.#fence];
    try {
      const known = remembered ?? (await recall(cluster, release));
      await prune(cluster, release, fence, known, entriesOf(release));
    } catch (error) {
      if (!(error instanceof FairleadError) || error.temporary) throw error;
      this.#listener.onNotice?.(`what the release no longer contains is still there: ${error.fault.cause}`);
    }
  }

  /** Whether phase 0 stopped before its resources were applied, because a job took longer than one call. */
  async #jobsAreLeft({ resources }: Phase): Promise<boolean> {
    const { jobs, namespace, number } = this.#release;
    if (jobs.length === 0) return false;
    const placed = await this.#cluster.place(resources.filter(isRemembered), namespace);
    const { kube } = this.#cluster;
    const found = await Promise.all(placed.map(({ path }) => kube.find<LiveObject>(path.object)));
    return !found.every((live) => isWrittenBy(live, number, this.#fence));
  }
}

/** All of a release at once, and nobody watches it: it was good before. */
function backOf(release: Release): Phase {
  return { ...wholeOf(release), bakeSeconds: 0 };
}

function phaseOf(release: Release, number: number): Phase {
  const phase = phasesOf(release)[number];
  if (phase === undefined) throw new RangeError(`release ${release.number} has no phase ${number}`);
  return phase;
}

type AboutPods = Extract<RolloutAnswer, { applied?: AppliedFacts }>;

function isAboutPods(answer: RolloutAnswer): answer is AboutPods {
  return ['progressing', 'live', 'failed', 'unknown'].includes(answer.state);
}

function stopped(stop: Stopped): RolloutAnswer {
  if (stop.outcome === 'superseded') return { state: 'superseded', by: stop.by };
  const { reason, blame } = stop;
  return { state: 'failed', reason, details: '', ...(blame && { blame }) };
}

function answerTo(verdict: Verdict): RolloutAnswer {
  if (verdict.state !== 'failed') return verdict;
  const { reason, details, blame } = verdict;
  return { state: 'failed', reason, details, ...(blame && { blame }) };
}

import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { phasesOf } from '../../lib/release/phases.ts';
import type { Phase, Release } from '../../lib/release/types.ts';
import { type Baked, bake } from './bake.ts';
import type { Claim } from './build.ts';
import { clear } from './clear.ts';
import type { Progress } from './progress.ts';
import { addressOf, type RolledOut, rollOut } from './roll-out.ts';
import { type Order, subjectOf } from './services.ts';
import { tellBaked, tellPhase, tellReady } from './tell.ts';

/** How bringing a release out ended. */
export type BroughtOut =
  | { is: 'live'; url?: string; notes: readonly string[] }
  | { is: 'failed'; reason: string; blame: 'commit' | 'elsewhere' }
  | { is: 'superseded'; by?: string };

/**
 * Brings a release out, one phase after another: each is rolled out, and then watched for as long as it says. What comes
 * of it is noted in `progress`, as far as it goes.
 */
export async function bringOut(
  context: DurableContext,
  order: Order,
  claim: Claim,
  progress: Progress & { release: Release },
): Promise<BroughtOut> {
  const { release } = progress;
  const phases = phasesOf(release);
  let live: BroughtOut = { is: 'live', notes: [] };
  for (const [number, phase] of phases.entries()) {
    if (phases.length > 1) {
      const by = await tellPhase(context, order, claim, { release, phase, number, phases: phases.length });
      if (by !== undefined) return { is: 'superseded', by };
    }
    const rolledOut = await rollOutPhase(context, order, claim, progress, number);
    progress.rolledOut = rolledOut;
    if (rolledOut.state !== 'live') return endOf(rolledOut);
    live = { ...live, ...addressOf(rolledOut) };
    if (phase.bakeSeconds === 0) {
      progress.course.phases.push({ name: phase.name });
      continue;
    }
    const after = phases.slice(number + 1).reduce((sum, { bakeSeconds }) => sum + bakeSeconds, 0);
    const isLast = number === phases.length - 1;
    const baked = await watch(context, order, claim, progress, { phase, number, after, isLast });
    if (baked.is === 'superseded') return baked;
    const verdict = verdictOn(release, baked);
    if (verdict.is === 'failed') {
      const { reason } = verdict;
      progress.rolledOut = { state: 'failed', reason, details: '' };
      return verdict;
    }
    live = { ...live, notes: [...live.notes, ...verdict.notes] };
  }
  const last = phases.at(-1);
  // Until now the old pods were kept to go back to.
  if (last?.prune && last.bakeSeconds > 0) await clear(context, order, claim, progress, live);
  return live;
}

async function rollOutPhase(
  context: DurableContext,
  order: Order,
  claim: Claim,
  progress: Progress & { release: Release },
  phase: number,
): Promise<RolledOut> {
  const { release } = progress;
  const subject = subjectOf(order, claim.commit);
  const request = { do: 'apply' as const, phase, subject, release, fence: claim.fence };
  return await rollOut(context, order, claim, request, ({ changes, before }) => {
    // Of phase 0: what the whole release changes.
    progress.course.changes ??= changes;
    if (before !== undefined) progress.before ??= before;
  });
}

interface Watched {
  phase: Phase;
  number: number;
  /** Seconds that later phases are watched. */
  after: number;
  isLast: boolean;
}

async function watch(
  context: DurableContext,
  order: Order,
  claim: Claim,
  progress: Progress & { release: Release },
  { phase, number, after, isLast }: Watched,
): Promise<Baked> {
  const { release, rolledOut, before } = progress;
  const address = rolledOut?.state === 'live' ? addressOf(rolledOut) : {};
  const ready = await tellReady(context, order, claim, { release, phase, number, isLast, ...address });
  if (ready.is === 'superseded') return ready;
  const since = ready.at;
  if (isLast) progress.liveAt = Date.parse(since);
  const name = phase.name;
  const looked = { release, phase, number, ...address, since, after, ...(before && { before }) };
  const { baked, before: held } = await bake(context, order, claim, looked);
  if (held !== undefined) progress.before = held;
  progress.course.phases.push({
    name,
    readyAt: since,
    ...(baked.is === 'superseded' ? {} : { bake: baked }),
  });
  if (baked.is === 'superseded') return baked;
  const baking = { release, number, since, baked };
  // What goes is told of when it goes: nothing comes before that.
  if (verdictOn(release, baked).is === 'failed') progress.bad = baking;
  else await tellBaked(context, order, claim, baking);
  return baked;
}

/** What becomes of a release by what was seen of it: of what nobody can say, it says itself. */
function verdictOn(
  { bake: { unknown } }: Release,
  baked: Exclude<Baked, { is: 'superseded' }>,
): { is: 'kept'; notes: readonly string[] } | Extract<BroughtOut, { is: 'failed' }> {
  if (baked.is === 'good') return { is: 'kept', notes: baked.notes };
  if (baked.is === 'bad') return { is: 'failed', reason: baked.reason, blame: 'commit' };
  const reason = `nobody can say whether it is good: ${baked.reason}`;
  if (unknown === 'keep') return { is: 'kept', notes: [reason, ...baked.notes] };
  return { is: 'failed', reason: `${reason}; its fairlead.yaml says to roll back then`, blame: 'commit' };
}

function endOf(rolledOut: Exclude<RolledOut, { state: 'live' }>): BroughtOut {
  switch (rolledOut.state) {
    case 'failed':
      return { is: 'failed', reason: rolledOut.reason, blame: rolledOut.blame ?? 'commit' };
    case 'unknown':
      return { is: 'failed', reason: `unknown: ${rolledOut.reason}`, blame: 'elsewhere' };
    case 'superseded':
      return { is: 'superseded', ...(rolledOut.by === undefined ? {} : { by: rolledOut.by }) };
    default: {
      const reason = 'the release was removed while it was rolled out';
      return { is: 'failed', reason, blame: 'elsewhere' };
    }
  }
}

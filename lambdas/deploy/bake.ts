import { type DurableContext, InvokeError } from '@aws/durable-execution-sdk-js';
import { judge } from '../../lib/bake/judge.ts';
import { quieted } from '../../lib/bake/quieted.ts';
import type { AlarmLook, BakeLook, BakeVerdict } from '../../lib/bake/types.ts';
import type { Bake, Phase, Release } from '../../lib/release/types.ts';
import { tell } from '../../lib/report/story.ts';
import type { RolloutAnswer, RolloutRequest } from '../../lib/rollout/request.ts';
import type { Claim } from './build.ts';
import { pauseBeforeLook } from './cadence.ts';
import { lean } from './lean.ts';
import { newsOf } from './news.ts';
import { invoke, pause, spentOf, step } from './patience.ts';
import { environment, environmentOf, ledger, type Order, subjectOf } from './services.ts';

/** A phase of a release whose pods are ready. */
export interface Ready {
  release: Release;
  phase: Phase;
  /** From 0. */
  number: number;
  url?: string;
  /** ISO 8601 */
  since: string;
  /** The alarms before anything of the release was applied. */
  before?: readonly AlarmLook[];
  /** Seconds that later phases are watched. */
  after: number;
}

export type Baked = Exclude<BakeVerdict, { is: 'watching' }> | { is: 'superseded'; by?: string };

/** `before`: the alarms as they are held against the next phase. */
interface Watched {
  baked: Baked;
  before?: readonly AlarmLook[] | undefined;
}

/**
 * Watches a phase until there is a verdict on it, or a newer claim. Between a look and what is done about it there is
 * nothing else.
 */
export async function bake(
  context: DurableContext,
  order: Order,
  claim: Claim,
  ready: Ready,
): Promise<Watched> {
  const { release, phase, since: startedAt, before } = ready;
  const watched: Bake = { ...release.bake, seconds: phase.bakeSeconds };
  const request: RolloutRequest = {
    subject: subjectOf(order, claim.commit),
    release: lean(release),
    fence: claim.fence,
    do: 'look',
    phase: ready.number,
    since: startedAt,
    ...(ready.url === undefined ? {} : { url: ready.url }),
  };
  const looks: BakeLook[] = [];
  for (;;) {
    const start = spentOf(context);
    const looked = await lookOnce(context, request);
    if (looked.is === 'superseded') return { baked: looked };
    const news = newsOf(looks.at(-1), looked.look);
    looks.push(looked.look);
    const now = looked.look.at;
    const verdict = judge({ bake: watched, before, looks, startedAt, now });
    if (verdict.is !== 'watching') return { baked: verdict, before: quieted(before, looks) };
    const by = await renew(context, order, claim, { release, look: looked.look, news });
    if (by !== undefined) return { baked: { is: 'superseded', by } };
    const elapsed = (Date.parse(now) - Date.parse(startedAt)) / 1000;
    const spent = spentOf(context);
    const seconds = pauseBeforeLook({
      elapsed,
      left: { phase: Math.max(0, watched.seconds - elapsed), after: ready.after },
      keenly: isKeen(watched),
      spent,
      bytesALook: spent.bytes - start.bytes,
    });
    await pause(context, 'until the next look', seconds);
  }
}

function isKeen({ alarms, alarmTag, checks }: Bake): boolean {
  return alarms.length > 0 || alarmTag !== undefined || checks.length > 0;
}

/** A look that nobody could take is one that found out nothing: the release is not at fault. */
export async function lookOnce(
  context: DurableContext,
  request: RolloutRequest,
): Promise<{ is: 'looked'; look: BakeLook } | { is: 'superseded' }> {
  const call = { name: 'look', target: environment.rolloutFunction, request, delays: [] };
  const asked = await invoke<RolloutRequest, RolloutAnswer, never>(
    context,
    call,
    async () => undefined,
  ).catch((error: unknown) => {
    if (error instanceof InvokeError) return { is: 'broken' as const, why: error.message };
    throw error;
  });
  if (asked.is === 'answered' && asked.answer.state === 'looked')
    return { is: 'looked', look: asked.answer.look };
  if (asked.is === 'answered' && asked.answer.state === 'superseded') return { is: 'superseded' };
  const why = asked.is === 'broken' ? asked.why : 'it answered another question';
  const at = await step(context, 'look in vain', async () => new Date().toISOString());
  const trouble = [`the roll-out function could not look: ${why.replaceAll(/\s+/g, ' ').trim()}`];
  return { is: 'looked', look: { at, alarms: [], checks: [], restarts: [], trouble } };
}

/** Keeps the lease, and tells what is new; answers the commit of a newer claim, if there is one. */
async function renew(
  context: DurableContext,
  order: Order,
  { commit, fence }: Claim,
  { release, look, news }: { release: Release; look: BakeLook; news: readonly string[] },
): Promise<string | undefined> {
  return await step(context, 'renew', async () => {
    const renewed = await ledger.renew(environmentOf(order), fence);
    if (news.length > 0) {
      const ringing = look.alarms.filter(({ state }) => state === 'ALARM').length;
      const detail = { release: release.number, alarms: look.alarms.length, ringing };
      tell(subjectOf(order, commit), 'bake.look', news.join('\n'), detail);
    }
    return renewed.is === 'superseded' ? renewed.by.commit : undefined;
  });
}

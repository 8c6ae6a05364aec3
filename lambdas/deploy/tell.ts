import type { DurableContext } from '@aws/durable-execution-sdk-js';
import type { Bake, Phase, Release } from '../../lib/release/types.ts';
import { tell } from '../../lib/report/story.ts';
import type { Baked } from './bake.ts';
import type { Claim } from './build.ts';
import { step } from './patience.ts';
import { environmentOf, ledger, type Order, subjectOf } from './services.ts';

interface Told {
  release: Release;
  phase: Phase;
  /** From 0. */
  number: number;
}

/** Tells that a phase begins; answers the commit of a newer claim, if there is one. */
export async function tellPhase(
  context: DurableContext,
  order: Order,
  { commit, fence }: Claim,
  { release, phase: { name }, number, phases }: Told & { phases: number },
): Promise<string | undefined> {
  return await step(context, 'phase', async () => {
    const renewed = await ledger.renew(environmentOf(order), fence);
    if (renewed.is === 'superseded') return renewed.by.commit;
    const detail = { release: release.number, phase: number + 1, phases, name };
    tell(subjectOf(order, commit), 'phase.started', `phase ${number + 1} of ${phases}: ${name}`, detail);
    return undefined;
  });
}

/** Tells that a phase's pods are ready, and how they are watched from now on; answers when that is, in ISO 8601. */
export async function tellReady(
  context: DurableContext,
  order: Order,
  { commit, fence }: Claim,
  { release, phase, number, isLast, url }: Told & { isLast: boolean; url?: string },
): Promise<{ is: 'ready'; at: string } | { is: 'superseded'; by: string }> {
  return await step(context, 'watch', async () => {
    const renewed = await ledger.renew(environmentOf(order), fence);
    if (renewed.is === 'superseded') return { is: 'superseded' as const, by: renewed.by.commit };
    const now = new Date();
    const ms = now.getTime() - Date.parse(release.createdAt);
    const subject = subjectOf(order, commit);
    const watched = phase.bakeSeconds;
    if (isLast) {
      const where = url === undefined ? '' : ` at ${url}`;
      const message = `release ${release.number} is live${where} after ${(ms / 1000).toFixed(1)} s, watched for ${duration(watched)}`;
      const detail = { release: release.number, ms, watched, ...(url === undefined ? {} : { url }) };
      tell(subject, 'rollout.live', message, detail);
    }
    const detail = { release: release.number, phase: number + 1, seconds: watched };
    const what = isLast ? 'its' : `the ${phase.name}: its`;
    tell(subject, 'bake.started', `watching ${what} ${whatIsWatched(release.bake)}`, detail);
    return { is: 'ready' as const, at: now.toISOString() };
  });
}

/** Tells what watching a phase came to. */
export async function tellBaked(
  context: DurableContext,
  order: Order,
  { commit }: Claim,
  baking: Baking,
): Promise<void> {
  await step(context, 'bake', async () => tellVerdict(order, commit, baking));
}

export interface Baking {
  release: Release;
  /** From 0. */
  number: number;
  /** ISO 8601 */
  since: string;
  baked: Exclude<Baked, { is: 'superseded' }>;
}

/** To be called within a step. */
export function tellVerdict(order: Order, commit: string, { release, number, since, baked }: Baking): void {
  const ms = Date.now() - Date.parse(since);
  const detail = {
    ...{ release: release.number, phase: number + 1, verdict: baked.is, ms },
    ...(baked.is === 'good' ? {} : { reason: baked.reason }),
  };
  const message = [wordsOf(release, baked, ms), ...baked.notes].join('\n');
  tell(subjectOf(order, commit), 'bake.ended', message, detail);
}

function wordsOf({ bake: { unknown } }: Release, baked: Baking['baked'], ms: number): string {
  if (baked.is === 'good') return `good for ${duration(Math.round(ms / 1000))}`;
  if (baked.is === 'bad') return `bad after ${duration(Math.round(ms / 1000))}: ${baked.reason}`;
  const then = unknown === 'keep' ? 'it is kept' : 'it is taken back';
  return `nobody can say whether it is good, and ${then}: ${baked.reason}`;
}

function whatIsWatched({ alarms, alarmTag, checks, traffic }: Bake): string {
  const parts = [
    ...(alarms.length > 0 ? [`${alarms.length === 1 ? 'alarm' : 'alarms'} ${few(alarms)}`] : []),
    ...(alarmTag ? [`alarms with the tag ${alarmTag.key}=${alarmTag.value}`] : []),
    ...(checks.length > 0 ? [`answers at ${checks.map(({ path }) => path).join(', ')}`] : []),
    ...(traffic ? [`requests (${traffic.metric})`] : []),
    "containers' restarts",
  ];
  return parts.length === 1 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

const MOST_NAMES = 8;

function few(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` (${more} more)` : ''}`;
}

/** Seconds as people say them: `30 s`, `5 min`, `1 h 30 min`. */
function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.round((seconds % 3600) / 60)];
  return [...(hours > 0 ? [`${hours} h`] : []), ...(minutes > 0 ? [`${minutes} min`] : [])].join(' ');
}

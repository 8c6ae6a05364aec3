import { createHash } from 'node:crypto';
import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { rungMeanwhile } from '../../lib/bake/late.ts';
import type { AlarmLook } from '../../lib/bake/types.ts';
import { BY_ALARM } from '../../lib/push/request.ts';
import type { Release } from '../../lib/release/types.ts';
import type { RolloutRequest } from '../../lib/rollout/request.ts';
import { lookOnce } from './bake.ts';
import type { Claim } from './build.ts';
import { lean } from './lean.ts';
import { pause } from './patience.ts';
import type { Progress } from './progress.ts';
import { rollBack } from './roll-back.ts';
import { type Order, subjectOf } from './services.ts';

/** Looks at alarms that CloudWatch does not tell of, and seconds between them. */
const LOOKS = 3;
const PAUSE = 2;

/**
 * Looks at a release's alarms once more, right after the ledger has heard that it is live. One that began to ring between
 * the last look and that found another release live, and does not begin anew; from now on they are heard.
 */
export async function lookForLateAlarm(
  context: DurableContext,
  order: Order,
  claim: Claim,
  { release, before, liveAt }: Progress & { release: Release },
): Promise<AlarmLook | undefined> {
  const { alarms, alarmTag, watchFor } = release.bake;
  if (watchFor === 0 || (alarms.length === 0 && alarmTag === undefined)) return undefined;
  const { traffic: _traffic, ...bake } = { ...release.bake, checks: [] };
  const since = liveAt === undefined ? release.createdAt : new Date(liveAt).toISOString();
  const request: RolloutRequest = {
    subject: subjectOf(order, claim.commit),
    release: { ...lean(release), bake },
    fence: claim.fence,
    do: 'look',
    phase: 0,
    since,
  };
  for (let look = 1; look <= LOOKS; look++) {
    const looked = await lookOnce(context, request);
    if (looked.is === 'superseded') return undefined;
    const rung = rungMeanwhile(looked.look, before, since);
    if (rung !== undefined || looked.look.trouble.length === 0) return rung;
    if (look < LOOKS) await pause(context, 'until the alarms can be read', PAUSE);
  }
  return undefined;
}

/** Takes the release back as whoever hears alarms does: only while it is live. Told under a delivery of its own. */
export async function takeBackFor(
  context: DurableContext,
  { app, environment }: Order,
  { number }: Release,
  { name, since = '', reason }: AlarmLook,
): Promise<void> {
  const which = `${app}/${environment.name}#${number} ${name} ${since}`;
  const id = createHash('sha256').update(which).digest('hex').slice(0, 32);
  await rollBack(context, {
    do: 'roll-back',
    app,
    environment,
    reason: reason ?? 'it rings',
    by: `alarm ${name}`,
    delivery: `${BY_ALARM}${id}`,
    whileLive: number,
  });
}

import { createHash } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Rung, rungOf } from '../lib/bake/alarm-event.ts';
import { isNamed, isWatched } from '../lib/bake/condemns.ts';
import { Ledger } from '../lib/ledger/ledger.ts';
import type { Listed } from '../lib/ledger/listing.ts';
import { log } from '../lib/log.ts';
import { BY_ALARM, type RollBack } from '../lib/push/request.ts';
import { measure } from '../lib/report/measure.ts';
import { METRICS } from '../lib/report/metrics.ts';
import { awsEnvironment, watchAlarmEnvironment } from './env.ts';
import { startDeploy } from './start-deploy.ts';

const { deployFunction, ledgerTable } = watchAlarmEnvironment();
const ledger = new Ledger(new DynamoDBClient({}), ledgerTable);
const aws = awsEnvironment();

/** Environments whose state is read at once. */
const AT_ONCE = 20;

type Tags = () => Promise<ReadonlyMap<string, string>>;

/**
 * Hears of an alarm, and starts a rollback of every live release that names it and is still watched. A release that
 * bakes hears of its alarms by itself. The same ringing starts each rollback once, and each takes back only the release
 * that was live when it was started, if it still is. What goes wrong with one environment is thrown after all others were
 * seen to: the event comes again.
 */
export async function handler(event: unknown): Promise<{ rolledBack: string[] }> {
  const rung = rungOf(event);
  if (rung === undefined) return { rolledBack: [] };
  let reading: ReturnType<Tags> | undefined;
  const tags: Tags = () => {
    // Loaded only where a release goes by a tag.
    reading ??= import('./watch-alarm/tags.ts').then(({ tagsOf }) => tagsOf(rung.arn));
    return reading;
  };
  const rolledBack: string[] = [];
  const failed: unknown[] = [];
  const all = await ledger.environments();
  for (let first = 0; first < all.length; first += AT_ONCE) {
    const some = all.slice(first, first + AT_ONCE);
    const begun = await Promise.allSettled(some.map((listed) => watch(listed, rung, tags)));
    for (const one of begun)
      if (one.status === 'fulfilled') rolledBack.push(...one.value);
      else failed.push(one.reason);
  }
  log.info('an alarm rings', { alarm: rung.name, rolledBack });
  if (failed.length > 0) throw failed[0];
  // An alarm tells when nothing is heard any more: nobody would notice that releases are not taken back.
  measure([[METRICS.alarmHeard, 1]]);
  return { rolledBack };
}

async function watch({ app, name, push }: Listed, rung: Rung, tags: Tags): Promise<string[]> {
  const live = await ledger.live({ app, name });
  if (live === undefined || !isWatched(live, rung)) return [];
  const release = await ledger.releaseOf({ app, name }, live.release);
  if (release === undefined || !(await isNamed(release.bake, rung, tags))) return [];
  const id = digest(`${app}/${name}#${live.release} ${rung.arn} ${rung.at}`);
  const request: RollBack = {
    do: 'roll-back',
    app,
    environment: push.environment,
    reason: rung.reason ?? 'it rings',
    by: `alarm ${rung.name}`,
    delivery: `${BY_ALARM}${id}`,
    whileLive: live.release,
  };
  await startDeploy(aws, deployFunction, request, { prefix: 'alarm', id });
  return [`${app}/${name}`];
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

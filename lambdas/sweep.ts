import type { Context } from 'aws-lambda';
import { log } from '../lib/log.ts';
import { isPreview } from '../lib/push/place.ts';
import type { LookAtPull } from '../lib/push/request.ts';
import { beats, measure } from '../lib/report/measure.ts';
import { METRICS } from '../lib/report/metrics.ts';
import { type Looked, lookAtPull } from './sweep/look-at-pull.ts';
import { type Swept, sweep } from './sweep/round.ts';

/** ms before its end in which an invocation begins nothing new. */
const RESERVE = 30_000;
/** ms before that in which it looks at nothing more: what it has found is to be started, whatever there is to look at. */
const FOR_STARTS = 60_000;

/**
 * Sees to what no event sees to, on a schedule: pushes whose webhook was lost, executions that died, previews without a
 * branch and previews past their time. Between the rounds it is asked to look at a pull request. All it does is to start
 * deployments and removals, which claim what they change: two rounds at once do no harm, and what a round misses the next
 * one finds.
 */
export async function handler(
  event: LookAtPull | { do?: undefined },
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<Swept | Looked> {
  log.resetKeys();
  if (event.do === 'look-at-pull') {
    const { owner, repository, number, delivery } = event;
    const looked = await lookAtPull(event);
    log.info('a pull request was looked at', { delivery, owner, repository, number, looked });
    return looked;
  }
  const left = () => context.getRemainingTimeInMillis();
  const swept = await sweep({
    toLook: () => left() >= RESERVE + FOR_STARTS,
    toStart: () => left() >= RESERVE,
  });
  log.info('swept', { ...swept });
  measure([
    [METRICS.swept, 1],
    [METRICS.stuck, swept.stuck.filter(isLasting).length],
    [METRICS.heartbeat, beats(Date.now()) ? 1 : 0],
  ]);
  return swept;
}

/** Whether somebody is woken for `APP/ENVIRONMENT`: nobody is for a preview. */
function isLasting(environment: string): boolean {
  return !isPreview({ name: environment.slice(environment.indexOf('/') + 1) });
}

import type { Ending } from '../../lib/report/ending.ts';
import type { Point } from '../../lib/report/measure.ts';
import { METRICS, type TakenBackBy } from '../../lib/report/metrics.ts';
import type { Progress, Restored } from './progress.ts';

/** What is measured of the end of a deployment. Times are in ms since the epoch. */
export interface Measurable {
  progress: Pick<Progress, 'joined' | 'startedAt' | 'liveAt' | 'bad'>;
  ending: Ending;
  restored: Restored;
  now: number;
  /** When the git host told of the push; absent where it did not. */
  receivedAt?: number | undefined;
  /** Whether an alarm asked for the rollback. */
  byAlarm: boolean;
  /** Since when the environment runs what was found bad and could not be taken back; absent where it does not. */
  brokenSince?: number | undefined;
}

/** The measurements, and who took back what served. Of what another execution brought about, that one says it. */
export function measuredOf(end: Measurable): { points: Point[]; takenBackBy?: TakenBackBy } {
  const { progress, ending, receivedAt, restored, now, brokenSince } = end;
  if (progress.joined) return { points: [] };
  const takenBackBy = whoTookBack(end);
  const restoring = restored.is === 'back' ? restoredSince(end, restored.release.createdAt) : brokenSince;
  const isGood = ending.is === 'live' || restored.is === 'back';
  const points: Point[] = [
    ...outcome(ending),
    ...(takenBackBy === undefined ? [] : [[METRICS.takenBack, 1] as const]),
    ...(isGood && restoring !== undefined ? [[METRICS.timeToRestore, now - restoring] as const] : []),
  ];
  if (ending.is === 'live') {
    // A bake is no waiting: its release serves.
    const { liveAt = now, startedAt = now } = progress;
    points.push([METRICS.pushToLive, liveAt - startedAt]);
    if (receivedAt !== undefined) points.push([METRICS.leadTime, Math.max(0, liveAt - receivedAt)]);
  }
  return { points, ...(takenBackBy && { takenBackBy }) };
}

function outcome(ending: Ending): Point[] {
  if (ending.is === 'live' || ending.is === 'failed' || ending.is === 'superseded')
    return [[METRICS[ending.is], 1]];
  return [];
}

function whoTookBack({ ending, progress, byAlarm }: Measurable): TakenBackBy | undefined {
  if (ending.is === 'rolled-back') return byAlarm ? 'alarm' : 'person';
  return ending.is === 'failed' && progress.bad !== undefined ? 'bake' : undefined;
}

/** A rollback that was asked for begins with its claim; another one with the release that brings back what was good. */
function restoredSince({ ending, progress }: Measurable, madeAt: string): number | undefined {
  return ending.is === 'rolled-back' ? progress.startedAt : Date.parse(madeAt);
}

import { createHash } from 'node:crypto';
import type { BuildRequest } from '../build/request.ts';

/** The name of a build (RemoteJob.name): of the delivery, the commit, and the right to deploy that it is done under. */
export function jobName({ subject, fence }: Pick<BuildRequest, 'subject' | 'fence'>): string {
  const parts = [subject.app, subject.delivery, subject.commit, fence];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
}

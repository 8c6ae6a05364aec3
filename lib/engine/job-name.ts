import { createHash } from 'node:crypto';
import type { BuildRequest } from '../build/request.ts';

/** The name of a build (RemoteJob.name): of the delivery, the commit, and the right to deploy that it is done under. */
export function jobName({
  subject,
  fence,
  environment,
}: Pick<BuildRequest, 'subject' | 'fence' | 'environment'>): string {
  const parts = [subject.app, subject.delivery, subject.commit, fence, environment?.name ?? ''];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
}

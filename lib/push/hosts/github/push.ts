import * as z from 'zod/mini';
import { NO_COMMIT } from '../../no-commit.ts';
import type { Headers, HostEvent } from '../../types.ts';
import { fullRefName, objectId, refName } from '../fields.ts';
import { readPayload, repository } from './payload.ts';

const pushPayload = z.object({
  ref: fullRefName,
  before: objectId,
  after: objectId,
  repository,
});

export function readPush(headers: Headers, body: string): HostEvent {
  return readPayload(pushPayload, headers, body, ({ ref, before, after }, sent) => ({
    kind: 'push',
    updates: [{ ...sent, ref, before, after }],
  }));
}

const deletePayload = z.object({ ref: refName, ref_type: z.string(), repository });

/** GitHub tells of a deletion twice: as this, and as a push to nothing. Whoever listens for one of them is served. */
export function readDelete(headers: Headers, body: string): HostEvent {
  return readPayload(deletePayload, headers, body, ({ ref, ref_type }, sent) => {
    const full = `${ref_type === 'tag' ? 'refs/tags' : 'refs/heads'}/${ref}`;
    return { kind: 'push', updates: [{ ...sent, ref: full, before: NO_COMMIT, after: NO_COMMIT }] };
  });
}

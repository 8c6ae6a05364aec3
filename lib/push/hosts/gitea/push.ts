import * as z from 'zod/mini';
import { NO_COMMIT } from '../../no-commit.ts';
import type { Headers, HostEvent, RefUpdate } from '../../types.ts';
import { deliveryIn, fullRefName, name, objectId, readBody, refName } from '../fields.ts';

const repository = z.object({ name, owner: z.object({ login: name }) });
const pushPayload = z.object({ ref: fullRefName, before: objectId, after: objectId, repository });
const deletePayload = z.object({ ref: refName, ref_type: z.string(), repository });

/** A test of the webhook is a push of what is there already. */
export function readPush(headers: Headers, body: string): HostEvent {
  return readBody(pushPayload, body, 'Gitea', ({ ref, before, after, repository }) =>
    heard(headers, { ...originOf(repository), ref, before, after }),
  );
}

/** No push is told of beside it, other than on GitHub. */
export function readDelete(headers: Headers, body: string): HostEvent {
  return readBody(deletePayload, body, 'Gitea', ({ ref, ref_type: type, repository }) => {
    const full = ref.startsWith('refs/') ? ref : `${type === 'tag' ? 'refs/tags' : 'refs/heads'}/${ref}`;
    return heard(headers, { ...originOf(repository), ref: full, before: NO_COMMIT, after: NO_COMMIT });
  });
}

function originOf({ name, owner: { login } }: z.output<typeof repository>) {
  return { host: 'gitea', owner: login, repository: name } as const;
}

function heard(headers: Headers, update: Omit<RefUpdate, 'delivery'>): HostEvent {
  const delivery = deliveryIn(headers['x-gitea-delivery'], headers['x-forgejo-delivery']);
  if (delivery === undefined) return { kind: 'malformed', why: 'the header X-Gitea-Delivery is missing' };
  return { kind: 'push', updates: [{ ...update, delivery }] };
}

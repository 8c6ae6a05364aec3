import * as z from 'zod/mini';
import { noneBeside } from '../../no-commit.ts';
import type { Headers, HostEvent, RefUpdate } from '../../types.ts';
import { deliveryIn, objectId, readBody, refName } from '../fields.ts';

const ref = z.object({ type: z.string(), name: refName, target: z.object({ hash: objectId }) });

const change = z
  .object({
    /** Null where it was deleted; the payload's `closed` says the same. */
    new: z.nullish(ref),
    /** Null where it was created. */
    old: z.nullish(ref),
  })
  .check(z.refine((one) => Boolean(one.new ?? one.old), 'has neither `new` nor `old`'));

const FULL_NAME = /^((?!\.{1,2}\/)[\w.-]{1,100})\/((?!\.{1,2}$)[\w.-]{1,100})$/;

const pushPayload = z.object({
  push: z.object({ changes: z.array(change) }),
  repository: z.object({
    full_name: z.string().check(z.regex(FULL_NAME, 'is not WORKSPACE/REPOSITORY')),
  }),
});

type Change = z.output<typeof change>;

/** "Event payloads", Push: one event for all refs of a push. Its commits, which may be cut short, are not looked at. */
export function readPush(headers: Headers, body: string): HostEvent {
  const delivery = deliveryIn(headers['x-request-uuid']);
  if (delivery === undefined) return { kind: 'malformed', why: 'the header X-Request-UUID is missing' };
  return readBody(pushPayload, body, 'Bitbucket', ({ push: { changes }, repository: { full_name } }) => {
    const [, owner = '', repository = ''] = FULL_NAME.exec(full_name) ?? [];
    const [first, ...others] = changes.map((one, at): RefUpdate => {
      // The first one has the event's own id, which is what people look for.
      const id = at === 0 ? delivery : `${delivery}-${at + 1}`;
      return { host: 'bitbucket', owner, repository, ...updateOf(one), delivery: id };
    });
    if (first === undefined) return { kind: 'other', event: 'repo:push' };
    return { kind: 'push', updates: [first, ...others] };
  });
}

function updateOf({ new: now, old }: Change): Pick<RefUpdate, 'ref' | 'before' | 'after'> {
  const named = now ?? old;
  const hash = named?.target.hash ?? '';
  const folder = named?.type === 'tag' ? 'refs/tags' : 'refs/heads';
  const none = noneBeside(hash);
  return {
    ref: `${folder}/${named?.name}`,
    before: old?.target.hash ?? none,
    after: now?.target.hash ?? none,
  };
}

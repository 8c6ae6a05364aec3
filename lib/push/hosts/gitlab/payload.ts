import * as z from 'zod/mini';
import type { Headers, HostEvent, Origin } from '../../types.ts';
import { deliveryIn, readBody } from '../fields.ts';

/** Groups may have groups in them, twenty deep ("Subgroups"); a name in a path has 255 characters at most. */
const PATH = /^(?:(?!\.{1,2}\/)[\w.-]{1,255}\/){1,21}(?!\.{1,2}$)[\w.-]{1,255}$/;

export const project = z.object({
  path_with_namespace: z.string().check(z.regex(PATH, 'is not the path of a project')),
});

/** Where an event comes from, and GitLab's id of it. */
export type Sent = Origin & { delivery: string };

/** Reads `body` by `schema` and hands it over with where it comes from; or says which field is wrong. */
export function readPayload<T extends z.ZodMiniType<{ project: z.output<typeof project> }>>(
  schema: T,
  headers: Headers,
  body: string,
  read: (payload: z.output<T>, sent: Sent) => HostEvent,
): HostEvent {
  // The first two are the same again when an event is sent again; the last one came before them ("Delivery headers").
  const { 'webhook-id': id, 'idempotency-key': key, 'x-gitlab-event-uuid': event } = headers;
  const delivery = deliveryIn(id, key, event);
  if (delivery === undefined)
    return { kind: 'malformed', why: 'the headers Idempotency-Key and X-Gitlab-Event-UUID are missing' };
  return readBody(schema, body, 'GitLab', (payload) => {
    const path = payload.project.path_with_namespace;
    const slash = path.lastIndexOf('/');
    const origin = { owner: path.slice(0, slash), repository: path.slice(slash + 1) };
    return read(payload, { host: 'gitlab', ...origin, delivery });
  });
}

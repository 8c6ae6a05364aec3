import * as z from 'zod/mini';
import type { Headers, HostEvent, Origin } from '../../types.ts';
import { deliveryIn, name, readBody } from '../fields.ts';

export const repository = z.object({
  name,
  owner: z.object({ login: z.optional(name), name: z.optional(name) }),
});

/** Where an event comes from, and the host's id of it. */
export type Sent = Origin & { delivery: string };

/** Reads `body` by `schema` and hands it over with where it comes from; or says which field is wrong. */
export function readPayload<T extends z.ZodMiniType<{ repository: z.output<typeof repository> }>>(
  schema: T,
  headers: Headers,
  body: string,
  read: (payload: z.output<T>, sent: Sent) => HostEvent,
): HostEvent {
  const delivery = deliveryIn(headers['x-github-delivery']);
  if (delivery === undefined) return { kind: 'malformed', why: 'the header X-GitHub-Delivery is missing' };
  return readBody(schema, body, 'GitHub', (payload) => {
    const { owner: by, name: repository } = payload.repository;
    const owner = by.login ?? by.name;
    if (owner === undefined) return { kind: 'malformed', why: 'repository.owner.login: is missing' };
    return read(payload, { host: 'github', owner, repository, delivery });
  });
}

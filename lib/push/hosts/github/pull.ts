import * as z from 'zod/mini';
import type { Headers, HostEvent } from '../../types.ts';
import { number, objectId, refName } from '../fields.ts';
import { readPayload, repository } from './payload.ts';

const pullPayload = z.object({
  action: z.string(),
  number,
  pull_request: z.object({
    head: z.object({
      sha: objectId,
      ref: refName,
      // Null when the fork was deleted.
      repo: z.nullish(z.object({ id: z.number() })),
    }),
    base: z.object({ repo: z.object({ id: z.number() }) }),
  }),
  label: z.optional(z.object({ name: z.string() })),
  repository,
});

export function readPull(headers: Headers, body: string): HostEvent {
  return readPayload(pullPayload, headers, body, ({ action, number, pull_request, label }, sent) => {
    const { head, base } = pull_request;
    const from = head.repo?.id === base.repo.id ? 'branch' : 'fork';
    return {
      kind: 'pull-request',
      update: {
        ...sent,
        action,
        number,
        head: { commit: head.sha, branch: head.ref, from },
        ...(label === undefined ? {} : { label: label.name }),
      },
    };
  });
}

import * as z from 'zod/mini';
import type { Headers, HostEvent } from '../../types.ts';
import { fullRefName, objectId, readBody } from '../fields.ts';
import { project, readPayload } from './payload.ts';

const pushPayload = z.object({ ref: fullRefName, before: objectId, after: objectId, project });

/** Of a branch or a tag ("Push events", "Tag events"): both say it alike, and `after` of a deleted one is all zeros. */
export function readPush(headers: Headers, body: string): HostEvent {
  return readPayload(pushPayload, headers, body, ({ ref, before, after }, sent) => ({
    kind: 'push',
    updates: [{ ...sent, ref, before, after }],
  }));
}

const system = z.object({ object_kind: z.optional(z.string()), event_name: z.optional(z.string()) });

/** An administrator's hook for all projects tells of each push as a project's own does ("System hooks"). */
export function readSystem(headers: Headers, body: string): HostEvent {
  return readBody(system, body, 'GitLab', ({ object_kind: kind, event_name: event = 'System Hook' }) =>
    kind === 'push' || kind === 'tag_push' ? readPush(headers, body) : { kind: 'other', event },
  );
}

import * as z from 'zod/mini';
import { LABEL } from '../../previews.ts';
import type { Headers, HostEvent, PullUpdate } from '../../types.ts';
import { number, objectId, refName } from '../fields.ts';
import { project, readPayload } from './payload.ts';

const label = z.object({ title: z.string() });

const mergeRequestPayload = z.object({
  project,
  object_attributes: z.object({
    iid: number,
    // A test of the webhook may have none.
    action: z.optional(z.string()),
    source_branch: refName,
    source_project_id: z.nullish(z.int()),
    target_project_id: z.int(),
    last_commit: z.object({ id: objectId }),
    // Only where the update is new commits.
    oldrev: z.nullish(z.string()),
  }),
  changes: z.optional(
    z.object({ labels: z.optional(z.object({ previous: z.array(label), current: z.array(label) })) }),
  ),
});

/** "Merge request events", in GitHub's words. */
export function readMergeRequest(headers: Headers, body: string): HostEvent {
  return readPayload(mergeRequestPayload, headers, body, ({ object_attributes: told, changes }, sent) => {
    const happened = whatHappened(told, changes);
    if (happened === undefined) return { kind: 'other', event: 'Merge Request Hook' };
    const from = told.source_project_id === told.target_project_id ? 'branch' : 'fork';
    const head = { commit: told.last_commit.id, branch: told.source_branch, from } as const;
    return { kind: 'pull-request', update: { ...sent, ...happened, number: told.iid, head } };
  });
}

type Payload = z.output<typeof mergeRequestPayload>;

function whatHappened(
  { action, oldrev }: Payload['object_attributes'],
  changes: Payload['changes'],
): Pick<PullUpdate, 'action' | 'label'> | undefined {
  switch (action) {
    case 'open':
      return { action: 'opened' };
    case 'reopen':
      return { action: 'reopened' };
    case 'close':
    case 'merge':
      return { action: 'closed' };
    case 'update':
      return oldrev ? { action: 'synchronize' } : labelled(changes);
    default:
      return undefined;
  }
}

/** One event may tell of several labels: the one that means something is looked for. */
function labelled(changes: Payload['changes']): Pick<PullUpdate, 'action' | 'label'> | undefined {
  const { previous = [], current = [] } = changes?.labels ?? {};
  const had = new Set(previous.map(({ title }) => title));
  const isNew = current.some(({ title }) => title === LABEL && !had.has(title));
  return isNew ? { action: 'labeled', label: LABEL } : undefined;
}

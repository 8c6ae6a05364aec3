import * as z from 'zod/mini';
import { NO_COMMIT } from '../../no-commit.ts';
import type { HostEvent } from '../../types.ts';

const objectId = z.string().check(z.regex(/^[0-9a-f]{40}$/, 'is not a full object id'));

/**
 * What EventBridge tells of a ref that moved ("Monitoring CodeCommit events in Amazon EventBridge and Amazon CloudWatch
 * Events", AWS CodeCommit User Guide). Of an event only what is used is read.
 */
const stateChange = z.object({
  id: z.string().check(z.regex(/^[\x21-\x7e]{1,200}$/)),
  'detail-type': z.literal('CodeCommit Repository State Change'),
  source: z.literal('aws.codecommit'),
  detail: z.object({
    event: z.string(),
    repositoryName: z.string().check(z.regex(/^(?!\.{1,2}$)[\w.-]{1,100}$/, 'is not a name')),
    referenceFullName: z.optional(z.string().check(z.startsWith('refs/'), z.maxLength(1024))),
    commitId: z.optional(objectId),
    oldCommitId: z.optional(objectId),
  }),
});

/** As much of it as is known without reading. */
export interface CodeCommitEvent {
  source: 'aws.codecommit';
}

/**
 * Whether a function was invoked with an event of CodeCommit. A rule of the account does that: what comes by a function's
 * URL stands inside of an event of another form, whatever it says.
 */
export function isCodeCommitEvent(event: object): event is CodeCommitEvent {
  return 'source' in event && event.source === 'aws.codecommit';
}

/** Never throws: what cannot be understood is `malformed`. */
export function readCodeCommitEvent(event: CodeCommitEvent): HostEvent {
  const parsed = stateChange.safeParse(event);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { kind: 'malformed', why: `${issue?.path.join('.')}: ${issue?.message}` };
  }
  const { id, detail } = parsed.data;
  const { event: what, repositoryName, referenceFullName: ref, commitId, oldCommitId = NO_COMMIT } = detail;
  // Pull requests' events and others come from the same source.
  if (!what.startsWith('reference')) return { kind: 'other', event: what };
  const after = what === 'referenceDeleted' ? NO_COMMIT : commitId;
  if (ref === undefined || after === undefined)
    return {
      kind: 'malformed',
      why: `detail.${ref === undefined ? 'referenceFullName' : 'commitId'}: is missing`,
    };
  const origin = { host: 'codecommit', owner: '', repository: repositoryName } as const;
  return { kind: 'push', updates: [{ ...origin, ref, before: oldCommitId, after, delivery: id }] };
}

import { randomUUID } from 'node:crypto';
import type { Place } from '../aws/service.ts';

/** What EventBridge tells of a ref that moved ("Monitoring CodeCommit events in Amazon EventBridge", CodeCommit User Guide). */
export type ReferenceEvent = ReturnType<typeof eventOf>;

/** One event for each ref that is another one than before. */
export function changes(
  place: Place,
  repository: { name: string; by: string },
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): ReferenceEvent[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .filter((ref) => before.get(ref) !== after.get(ref))
    .map((ref) => eventOf(place, repository, ref, before.get(ref), after.get(ref)));
}

function eventOf(
  { region, account }: Place,
  { name, by }: { name: string; by: string },
  ref: string,
  before: string | undefined,
  after: string | undefined,
) {
  const [, kind, short = ''] = /^refs\/(heads|tags)\/(.*)$/s.exec(ref) ?? [];
  const event =
    before === undefined ? 'referenceCreated' : after === undefined ? 'referenceDeleted' : 'referenceUpdated';
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'CodeCommit Repository State Change',
    source: 'aws.codecommit',
    account,
    time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [`arn:aws:codecommit:${region}:${account}:${name}`],
    detail: {
      callerUserArn: by,
      event,
      repositoryName: name,
      repositoryId: '12345678-1234-5678-abcd-12345678abcd',
      referenceType: kind === 'tags' ? 'tag' : 'branch',
      referenceName: short,
      referenceFullName: ref,
      // Of a deletion it is what was there.
      ...(event === 'referenceDeleted' ? { commitId: before, oldCommitId: before } : { commitId: after }),
      ...(event === 'referenceUpdated' ? { oldCommitId: before } : {}),
    },
  };
}

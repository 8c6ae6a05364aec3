import { describe, expect, test } from 'vitest';
import {
  type CodeCommitEvent,
  isCodeCommitEvent,
  readCodeCommitEvent,
} from '../../../../lib/push/hosts/codecommit/event.ts';

const [OLD, NEW, NONE] = ['1', '2', '0'].map((digit) => digit.repeat(40));

/** As the CodeCommit User Guide shows it ("Monitoring CodeCommit events in Amazon EventBridge"). */
function event(detail: Record<string, unknown>): CodeCommitEvent {
  const whole = {
    version: '0',
    id: '01234567-89ab-cdef-0123-456789abcdef',
    'detail-type': 'CodeCommit Repository State Change',
    source: 'aws.codecommit',
    account: '123456789012',
    time: '2019-06-12T10:23:43Z',
    region: 'us-east-2',
    resources: ['arn:aws:codecommit:us-east-2:123456789012:MyDemoRepo'],
    detail: {
      repositoryName: 'MyDemoRepo',
      repositoryId: '12345678-1234-5678-abcd-12345678abcd',
      referenceType: 'branch',
      referenceName: 'feature/a',
      referenceFullName: 'refs/heads/feature/a',
      ...detail,
    },
  };
  return whole as CodeCommitEvent;
}

const update = {
  host: 'codecommit',
  owner: '',
  repository: 'MyDemoRepo',
  ref: 'refs/heads/feature/a',
  delivery: '01234567-89ab-cdef-0123-456789abcdef',
};

describe('a ref', () => {
  test.each([
    ['was made', { event: 'referenceCreated', commitId: NEW }, { before: NONE, after: NEW }],
    ['moved', { event: 'referenceUpdated', commitId: NEW, oldCommitId: OLD }, { before: OLD, after: NEW }],
    [
      'was deleted',
      { event: 'referenceDeleted', commitId: OLD, oldCommitId: OLD },
      { before: OLD, after: NONE },
    ],
    ['was deleted, in fewer words', { event: 'referenceDeleted' }, { before: NONE, after: NONE }],
  ])('%s', (_, detail, ids) => {
    expect(readCodeCommitEvent(event(detail))).toEqual({ kind: 'push', updates: [{ ...update, ...ids }] });
  });
});

test('events of pull requests and others are no pushes', () => {
  const pull = event({ event: 'pullRequestCreated', referenceFullName: undefined });
  expect(readCodeCommitEvent(pull)).toEqual({ kind: 'other', event: 'pullRequestCreated' });
});

test.each([
  ['a commit', { event: 'referenceUpdated' }, /commitId/],
  [
    'a whole commit',
    { event: 'referenceUpdated', commitId: 'abc' },
    /detail\.commitId: is not a full object id/,
  ],
  ['a ref', { event: 'referenceUpdated', commitId: NEW, referenceFullName: undefined }, /referenceFullName/],
  [
    'a ref by its full name',
    { event: 'referenceUpdated', commitId: NEW, referenceFullName: 'main' },
    /referenceFullName/,
  ],
  [
    'a name that leads nowhere else',
    { event: 'referenceUpdated', commitId: NEW, repositoryName: '../x' },
    /repositoryName/,
  ],
  ['a name', { event: 'referenceUpdated', commitId: NEW, repositoryName: '..' }, /repositoryName/],
])('without %s it is malformed', (_, detail, why) => {
  expect(readCodeCommitEvent(event(detail))).toMatchObject({
    kind: 'malformed',
    why: expect.stringMatching(why),
  });
});

test('of another source, or inside a request to the function’s URL, it is none', () => {
  const forged = { version: '2.0', headers: {}, requestContext: {}, body: JSON.stringify(event({})) };
  expect(isCodeCommitEvent(event({}))).toBe(true);
  expect(isCodeCommitEvent(forged)).toBe(false);
  expect(isCodeCommitEvent({ source: 'aws.codepipeline' })).toBe(false);
});

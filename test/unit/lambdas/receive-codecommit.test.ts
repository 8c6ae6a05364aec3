import type { LambdaFunctionURLResult } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CodeCommitEvent } from '../../../lib/push/hosts/codecommit/event.ts';
import { AwsStage } from './aws-stage.ts';

const aws = new AwsStage();
let handler: (event: CodeCommitEvent) => Promise<LambdaFunctionURLResult>;
beforeAll(async () => {
  await aws.set({
    DEPLOY_FUNCTION: 'deploy:live',
    SWEEP_FUNCTION: 'sweep:live',
    // Of no host is a secret known: AWS says who sends.
    WEBHOOK_SECRET_IDS: '{}',
  });
  ({ handler } = (await import('../../../lambdas/receive-push.ts')) as never);
});
afterAll(() => aws.strike());
beforeEach(() => {
  aws.invoked.length = 0;
});

const [OLD, NEW] = ['1', '2'].map((digit) => digit.repeat(40));

function event(id: string, detail: Record<string, unknown> = {}): CodeCommitEvent {
  const whole = {
    id,
    'detail-type': 'CodeCommit Repository State Change',
    source: 'aws.codecommit',
    detail: {
      event: 'referenceUpdated',
      repositoryName: 'Billing',
      referenceType: 'branch',
      referenceFullName: 'refs/heads/main',
      commitId: NEW,
      oldCommitId: OLD,
      ...detail,
    },
  };
  return whole as CodeCommitEvent;
}

test('a push starts the deploy function, by the name of the event', async () => {
  await handler(event('12345678-aaaa'));
  expect(aws.invoked).toMatchObject([
    {
      function: 'deploy:live',
      name: 'codecommit-12345678-aaaa',
      payload: {
        do: 'deploy',
        host: 'codecommit',
        owner: '',
        repository: 'Billing',
        app: 'billing',
        after: NEW,
      },
    },
  ]);
});

test('an event that comes twice, as EventBridge’s may, starts one', async () => {
  await handler(event('twice'));
  await handler(event('twice'));
  expect(aws.invoked).toHaveLength(1);
});

test.each([
  ['another branch', { referenceFullName: 'refs/heads/other' }],
  ['a pull request', { event: 'pullRequestCreated' }],
  ['what is no event of it', { commitId: 'short' }],
])('%s starts nothing', async (what, detail) => {
  await handler(event(what, detail));
  expect(aws.invoked).toEqual([]);
});

test('what cannot be started now is thrown, so that it is tried again and kept in the end', async () => {
  const { AWS_ENDPOINT_URL: endpoint } = process.env;
  process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:1';
  try {
    await expect(handler(event('later'))).rejects.toThrow();
  } finally {
    process.env.AWS_ENDPOINT_URL = endpoint;
  }
  await handler(event('later'));
  expect(aws.invoked).toHaveLength(1);
});

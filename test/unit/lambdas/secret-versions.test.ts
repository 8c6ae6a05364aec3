import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { versionsOf } from '../../../lambdas/deploy/secret-versions.ts';
import { awsEnvironment } from '../../../lambdas/env.ts';
import type { Aws } from '../../../lib/aws/types.ts';

/** What Secrets Manager answers about a secret, by its id: a status and a body. */
const answers: Record<string, [number, unknown]> = {
  'fairlead/one': [200, { VersionIdsToStages: { old: ['AWSPREVIOUS'], new: ['AWSCURRENT', 'x'] } }],
  'fairlead/two': [200, { VersionIdsToStages: { only: ['AWSCURRENT'] } }],
  'fairlead/empty': [200, {}],
  other: [400, { __type: 'AccessDeniedException', message: 'not authorized' }],
};
const asked: string[] = [];
const server = createServer(async (request, response) => {
  asked.push(String(request.headers['x-amz-target']));
  const { SecretId } = JSON.parse(await text(request)) as { SecretId: string };
  const [status, body] = answers[SecretId] ?? [400, { __type: 'ResourceNotFoundException' }];
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
});

let aws: Aws;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  aws = awsEnvironment({
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_MAX_ATTEMPTS: '1',
    AWS_ENDPOINT_URL: endpoint,
  });
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

test('the current version of each secret is looked up, and no value is read', async () => {
  expect(await versionsOf(aws, ['fairlead/one', 'fairlead/two'])).toEqual({
    'fairlead/one': 'new',
    'fairlead/two': 'only',
  });
  expect(new Set(asked)).toEqual(new Set(['secretsmanager.DescribeSecret']));
  expect(await versionsOf(aws, [])).toEqual({});
});

test.each([
  ['fairlead/none', 'secret/absent', 'create it'],
  ['fairlead/empty', 'secret/absent', 'create it'],
  ['other', 'secret/forbidden', 'begin with fairlead/'],
])('%s is the fault of who names it: %s', async (id, code, remedy) => {
  await expect(versionsOf(aws, [id])).rejects.toMatchObject({
    code,
    temporary: false,
    message: expect.stringContaining(remedy),
  });
});

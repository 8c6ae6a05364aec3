import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { lentCredentials, sessionTags } from '../../../lambdas/build-image/lent.ts';
import type { RemoteJob } from '../../../lib/engine/types.ts';

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const ROLE = 'arn:aws:iam::123456789012:role/lent';
const JOB: RemoteJob = {
  name: 'a'.repeat(40),
  platform: { os: 'linux', architecture: 'arm64' },
  request: {
    subject: { delivery: 'd', app: 'web', commit: 'c'.repeat(40) },
    repository: { host: 'github', owner: 'acme', name: 'web' },
    publishTo: `${HOST}/fairlead/web`,
    tags: [],
    fence: 1,
  },
};

/** STS and ECR; ECR gives its token to the session alone. */
let assumed = new URLSearchParams();
let isRefused = false;
const server = createServer(async (request, response) => {
  const body = await text(request);
  if (request.headers['x-amz-target']?.toString().endsWith('GetAuthorizationToken')) {
    const isSession = request.headers.authorization?.includes('Credential=ASIASESSION/');
    const token = Buffer.from(isSession ? 'AWS:narrow' : 'AWS:wide').toString('base64');
    const authorizationData = [{ authorizationToken: token, proxyEndpoint: `https://${HOST}` }];
    return response.end(JSON.stringify({ authorizationData }));
  }
  assumed = new URLSearchParams(body);
  if (isRefused)
    return response
      .writeHead(403)
      .end('<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>');
  response.end(
    '<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIASESSION</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>',
  );
});
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const variables = {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIAFUNCTION',
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_ENDPOINT_URL_ECR: url,
    AWS_ENDPOINT_URL_STS: url,
    AWS_MAX_ATTEMPTS: '1',
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

/** The tags of the session that was asked for. */
function tags(): Record<string, string | null> {
  return Object.fromEntries(
    [1, 2, 3].flatMap((index) => {
      const key = assumed.get(`Tags.member.${index}.Key`);
      return key === null ? [] : [[key, assumed.get(`Tags.member.${index}.Value`)]];
    }),
  );
}

const jobFor = (publishTo: string): RemoteJob => ({ ...JOB, request: { ...JOB.request, publishTo } });

test('a build is lent a token of a session that its own app’s name is written on', async () => {
  const credentials = await lentCredentials(ROLE, JOB, new STSClient({}));
  expect(await credentials(HOST)).toEqual({ username: 'AWS', password: 'narrow', unasked: true });
  expect(assumed.get('RoleArn')).toBe(ROLE);
  expect(tags()).toEqual({ 'fairlead-app': 'web', 'fairlead-images': 'web' });
});

test('a preview’s build is told apart by where it publishes', async () => {
  await lentCredentials(ROLE, jobFor(`${HOST}/fairlead/web/of.previews`));
  expect(tags()).toEqual({ 'fairlead-app': 'web', 'fairlead-images': 'web/of.previews' });
});

test('a build is lent nothing where no session is to be had', async () => {
  isRefused = true;
  await expect(lentCredentials(ROLE, JOB)).rejects.toMatchObject({ code: 'registry/no-session' });
  isRefused = false;
});

test('there is no session for what is no app’s repository', async () => {
  for (const repository of [`${HOST}/web`, `${HOST}/fairleads/web`, `${HOST}/other/fairlead/web`]) {
    expect(sessionTags(repository)).toBeUndefined();
    await expect(lentCredentials(ROLE, jobFor(repository))).rejects.toMatchObject({
      code: 'registry/no-session',
    });
  }
});

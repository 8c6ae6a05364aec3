import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { lentCredentials, sessionPolicy } from '../../../lambdas/build-image/lent.ts';
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

test('a build is lent a token of a session for its own repository, and mirrors to read from', async () => {
  const credentials = await lentCredentials(ROLE, JOB, ['docker.io'], new STSClient({}));
  expect(await credentials(HOST)).toEqual({ username: 'AWS', password: 'narrow' });
  expect(assumed.get('RoleArn')).toBe(ROLE);
  const { Statement } = JSON.parse(assumed.get('Policy') ?? '{}');
  const arn = 'arn:aws:ecr:eu-west-1:123456789012:repository';
  expect(Statement[1]).toMatchObject({ Resource: [`${arn}/fairlead/web`, `${arn}/docker.io/*`] });
  // The only thing that names no repository.
  expect(Statement[0]).toMatchObject({ Action: 'ecr:GetAuthorizationToken', Resource: '*' });
  expect(Statement).toHaveLength(2);
  // AssumeRole takes 2,048 characters.
  expect(assumed.get('Policy')?.length).toBeLessThan(2_048);
});

test('a build is lent nothing where no session is to be had', async () => {
  isRefused = true;
  await expect(lentCredentials(ROLE, JOB, [])).rejects.toMatchObject({ code: 'registry/no-session' });
  isRefused = false;
});

test('there is no session for what is not in ECR, and each partition has its own names', async () => {
  expect(sessionPolicy(ROLE, 'localhost:5000/fairlead/web', [])).toBeUndefined();
  const job = { ...JOB, request: { ...JOB.request, publishTo: 'registry.test/web' } };
  expect(await (await lentCredentials(ROLE, job, []))('registry.test')).toBeUndefined();
  const china = sessionPolicy(
    'arn:aws-cn:iam::123456789012:role/lent',
    '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/fairlead/web',
    [],
  );
  expect(china?.Statement[1]?.Resource).toEqual([
    'arn:aws-cn:ecr:cn-north-1:123456789012:repository/fairlead/web',
  ]);
});

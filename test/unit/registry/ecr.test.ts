import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ECRClient } from '@aws-sdk/client-ecr';
import { afterEach, expect, test } from 'vitest';
import { ecrCredentials } from '../../../lib/registry/ecr.ts';
import { faultOf } from './fixture.ts';

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** An ECR that gives tokens which expire in `seconds`, numbered; or refuses. */
async function startEcr(seconds: number | undefined) {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked++;
    if (seconds === undefined) {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
      response.end('{"__type":"AccessDeniedException","message":"not you"}');
      return;
    }
    const authorizationToken = Buffer.from(`AWS:token-${asked}`).toString('base64');
    const expiresAt = Math.floor(Date.now() / 1000) + seconds;
    const proxyEndpoint = 'http://127.0.0.1:5000';
    response.end(JSON.stringify({ authorizationData: [{ authorizationToken, expiresAt, proxyEndpoint }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new ECRClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });
  closing.push(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { source: ecrCredentials(client), asked: () => asked };
}

test.each([
  HOST,
  '123456789012.dkr.ecr-fips.us-east-1.amazonaws.com',
  '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn',
  '123456789012.dkr-ecr.eu-west-1.on.aws',
  '127.0.0.1:5000',
])('has credentials for %s', async (host) => {
  const { source } = await startEcr(3600);
  expect(await source(host)).toEqual({ username: 'AWS', password: 'token-1', unasked: true });
});

test.each(['docker.io', `${HOST}.evil.example`, 'evil.example:5000', '127.0.0.1:5001'])(
  'has none for %s',
  async (host) => {
    const { source } = await startEcr(3600);
    expect(await source(host)).toBeUndefined();
  },
);

test('asks once, for many hosts and at the same time', async () => {
  const { source, asked } = await startEcr(3600);
  await Promise.all([source(HOST), source(HOST), source('docker.io')]);
  await source(HOST);
  expect(asked()).toBe(1);
});

test('asks anew shortly before the token expires', async () => {
  const { source } = await startEcr(200);
  await source(HOST);
  expect(await source(HOST)).toEqual({ username: 'AWS', password: 'token-2', unasked: true });
});

test('says that the role lacks the permission, and only where the token is needed', async () => {
  const { source } = await startEcr(undefined);
  const fault = await faultOf(source(HOST));
  expect(fault).toMatchObject({ code: 'registry/no-ecr-token' });
  expect(fault.message).toContain('not you');
  expect(await source('docker.io')).toBeUndefined();
});

test('does not ask again and again for the sake of other registries', async () => {
  const { source, asked } = await startEcr(undefined);
  for (let time = 0; time < 3; time++) expect(await source('docker.io')).toBeUndefined();
  expect(asked()).toBe(1);
});

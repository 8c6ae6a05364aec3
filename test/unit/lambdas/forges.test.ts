import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Forges } from '../../../lambdas/forges.ts';
import { scripted } from '../aws/scripted.ts';

const WEB = { owner: 'acme', name: 'web' };
const holding = (SecretString: string) => ({ status: 200, body: JSON.stringify({ SecretString }) });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('a token that was just filled in is taken up at the next request', async () => {
  await using place = await scripted([holding('{}'), holding('t0ken\n')]);
  const forges = new Forges({ gitlab: { apiUrl: 'https://git.test', tokenSecretId: 't' } }, place.aws);
  const token = async () => await forges.accessTo('gitlab')?.token?.(WEB);
  expect(await token()).toBeUndefined();
  // Who asks and asks is not let through to Secrets Manager each time.
  expect(await token()).toBeUndefined();
  expect(place.asked).toHaveLength(1);
  vi.setSystemTime(Date.now() + 3_000);
  expect(await token()).toBe('t0ken');
  vi.setSystemTime(Date.now() + 3_000);
  expect(await token()).toBe('t0ken');
  expect(place.asked).toHaveLength(2);
});

test('the key of a GitHub App that was just filled in is taken up at the next request', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const filled = holding(JSON.stringify({ appId: 7, installationId: 8, privateKey: pem }));
  await using place = await scripted([holding('{}'), filled]);
  await using github = await scripted([
    { status: 201, body: JSON.stringify({ token: 'made', expires_at: '2999-01-01T00:00:00Z' }) },
  ]);
  const apiUrl = github.aws.endpointOf('lambda') ?? '';
  const forges = new Forges({ github: { apiUrl, tokenSecretId: 't', access: 'app' } }, place.aws);
  const token = async () => await forges.accessTo('github')?.token?.(WEB);
  await expect(token()).rejects.toMatchObject({ code: 'source/app-not-set-up' });
  vi.setSystemTime(Date.now() + 3_000);
  expect(await token()).toBe('made');
});

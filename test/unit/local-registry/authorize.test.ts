import { afterEach, describe, expect, test } from 'vitest';
import { digestOf, faultOf, registryForTests } from './registry.ts';

describe('authorize', () => {
  const asked: string[] = [];
  const basic = `Basic ${Buffer.from('AWS:secret').toString('base64')}`;
  const { call } = registryForTests({
    authorize: async (header, action, repository = '-') => {
      asked.push(`${action} ${repository}`);
      if (header !== basic) return 'unauthenticated';
      return repository === 'private' ? 'denied' : 'allowed';
    },
  });
  const headers = { authorization: basic };
  afterEach(() => {
    asked.length = 0;
  });

  test('a challenge for those who say nothing', async () => {
    const response = await call('GET', '/v2/');
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="fairlead registry"');
    expect(await faultOf(response)).toBe('401 UNAUTHORIZED');
  });

  test('no for those who may not', async () => {
    expect(await faultOf(await call('GET', '/v2/private/tags/list', { headers }))).toBe('403 DENIED');
  });

  test('each action by its name', async () => {
    const digest = digestOf('x');
    await call('GET', '/v2/', { headers });
    await call('GET', '/v2/_catalog', { headers });
    await call('HEAD', `/v2/a/blobs/${digest}`, { headers });
    await call('POST', `/v2/a/blobs/uploads/?digest=${digest}`, { headers, body: 'x' });
    await call('PUT', '/v2/a/manifests/v1', { headers, body: '{}' });
    await call('DELETE', `/v2/a/blobs/${digest}`, { headers });
    expect(asked).toEqual(['ping -', 'list -', 'pull a', 'push a', 'push a', 'delete a']);
  });

  test('mounting asks for the source as well, and falls back', async () => {
    const response = await call('POST', `/v2/a/blobs/uploads/?mount=${digestOf('x')}&from=private`, {
      headers,
    });
    expect(response.status).toBe(202);
    expect(asked).toEqual(['push a', 'pull private']);
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import { digestOf, faultOf, registryForTests } from './registry.ts';

describe('blobs', () => {
  const { call, blob, restart } = registryForTests();
  const path = `/v2/app/blobs/${digestOf('0123456789')}`;

  beforeAll(async () => {
    await blob('app', '0123456789');
  });

  test('HEAD tells size and digest', async () => {
    const { status, headers } = await call('HEAD', path);
    expect(status).toBe(200);
    expect(headers.get('content-length')).toBe('10');
    expect(headers.get('docker-content-digest')).toBe(digestOf('0123456789'));
    expect(headers.get('docker-distribution-api-version')).toBe('registry/2.0');
  });

  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
    ['bytes=4-2', 200, '0123456789', null],
    ['bytes=0-1,3-4', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
  ])('GET with %s', async (range, status, text, contentRange) => {
    const response = await call('GET', path, { headers: { range } });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(text);
    expect(response.headers.get('content-range')).toBe(contentRange);
  });

  test('a range outside of the blob is 416', async () => {
    const response = await call('GET', path, { headers: { range: 'bytes=10-' } });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */10');
  });

  test('the empty blob', async () => {
    const { digest } = await blob('app', '');
    const response = await call('GET', `/v2/app/blobs/${digest}`);
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('another repository does not have it', async () => {
    expect(await faultOf(await call('GET', path.replace('app', 'other')))).toBe('404 BLOB_UNKNOWN');
    expect((await call('HEAD', path.replace('app', 'other'))).status).toBe(404);
  });

  test('DELETE, once', async () => {
    const { digest } = await blob('app', 'short-lived');
    expect((await call('DELETE', `/v2/app/blobs/${digest}`)).status).toBe(202);
    expect(await faultOf(await call('DELETE', `/v2/app/blobs/${digest}`))).toBe('404 BLOB_UNKNOWN');
  });

  test('a restart changes nothing', async () => {
    await restart();
    expect(await (await call('GET', path)).text()).toBe('0123456789');
  });
});

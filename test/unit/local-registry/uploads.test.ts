import { once } from 'node:events';
import { access, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf, faultOf, registryForTests } from './registry.ts';

describe('uploads', () => {
  const { call, restart, host, stateDir } = registryForTests();

  async function start(repository = 'app'): Promise<string> {
    const response = await call('POST', `/v2/${repository}/blobs/uploads/`);
    expect(response.status).toBe(202);
    expect(response.headers.get('range')).toBe('0-0');
    return response.headers.get('location') as string;
  }

  const patch = (location: string, body: string, range?: string) =>
    call('PATCH', location, { body, headers: range === undefined ? {} : { 'content-range': range } });

  test('a blob in one request', async () => {
    const digest = digestOf('whole');
    const response = await call('POST', `/v2/app/blobs/uploads/?digest=${digest}`, { body: 'whole' });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`/v2/app/blobs/${digest}`);
    expect(response.headers.get('docker-content-digest')).toBe(digest);
    expect(await (await call('GET', `/v2/app/blobs/${digest}`)).text()).toBe('whole');
  });

  test('a blob by POST, then PUT with all of it', async () => {
    const location = await start('a/b-c/d_e');
    const response = await call('PUT', `${location}?digest=${digestOf('later')}`, { body: 'later' });
    expect(response.status).toBe(201);
    expect(await (await call('GET', response.headers.get('location') as string)).text()).toBe('later');
  });

  test('in chunks, with what is there on request', async () => {
    const location = await start();
    expect((await patch(location, 'one,', '0-3')).headers.get('range')).toBe('0-3');
    const status = await call('GET', location);
    expect([status.status, status.headers.get('range')]).toEqual([204, '0-3']);
    expect((await patch(location, 'two,')).headers.get('range')).toBe('0-7');
    const last = await call('PUT', `${location}?digest=${digestOf('one,two,three')}`, {
      body: 'three',
      headers: { 'content-range': '8-12' },
    });
    expect(last.status).toBe(201);
    expect(await faultOf(await call('GET', location))).toBe('404 BLOB_UPLOAD_UNKNOWN');
  });

  test('however it is cut, with or without ranges, the bytes arrive as they were', async () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.boolean(), async (parts, ranged) => {
        const location = await start();
        let size = 0;
        for (const part of parts) {
          const headers = ranged ? { 'content-range': `${size}-${size + part.length - 1}` } : undefined;
          const response = await call('PATCH', location, {
            body: Buffer.from(part),
            ...(headers && { headers }),
          });
          size += part.length;
          expect(response.headers.get('range')).toBe(`0-${size - 1}`);
        }
        const whole = Buffer.concat(parts);
        const digest = digestOf(whole);
        expect((await call('PUT', `${location}?digest=${digest}`)).status).toBe(201);
        const back = await call('GET', `/v2/app/blobs/${digest}`);
        expect(Buffer.from(await back.arrayBuffer()).equals(whole)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    ['too early', '2-5', 416],
    ['with a gap', '5-8', 416],
    ['not a range', 'from-here', 416],
    ['backwards', '9-4', 416],
    ['of another length', '4-9', 400],
  ])('a chunk %s is refused and changes nothing', async (_what, range, status) => {
    const location = await start();
    await patch(location, 'four');
    const refused = await patch(location, 'next', range);
    expect(refused.status).toBe(status);
    if (status === 416) expect(refused.headers.get('range')).toBe('0-3');
    if (status === 416) expect(refused.headers.get('location')).toBe(location);
    expect((await patch(location, 'next', '4-7')).headers.get('range')).toBe('0-7');
  });

  test('content that is not what its digest says is refused, and the session is over', async () => {
    const location = await start();
    await patch(location, 'this');
    expect(await faultOf(await call('PUT', `${location}?digest=${digestOf('that')}`))).toBe(
      '400 DIGEST_INVALID',
    );
    expect((await call('GET', location)).status).toBe(404);
    expect((await call('HEAD', `/v2/app/blobs/${digestOf('that')}`)).status).toBe(404);
    const single = await call('POST', `/v2/app/blobs/uploads/?digest=${digestOf('that')}`, { body: 'this' });
    expect(await faultOf(single)).toBe('400 DIGEST_INVALID');
  });

  test('a missing or malformed digest does not cost what was sent', async () => {
    const location = await start();
    await patch(location, 'kept');
    expect(await faultOf(await call('PUT', location))).toBe('400 DIGEST_INVALID');
    expect(await faultOf(await call('PUT', `${location}?digest=sha256:12`))).toBe('400 DIGEST_INVALID');
    expect((await call('PUT', `${location}?digest=${digestOf('kept', 'sha512')}`)).status).toBe(201);
    expect((await call('GET', `/v2/app/blobs/${digestOf('kept', 'sha512')}`)).status).toBe(200);
  });

  test('a cancelled session is gone', async () => {
    const location = await start();
    await patch(location, 'never mind');
    expect((await call('DELETE', location)).status).toBe(204);
    expect(await faultOf(await patch(location, 'more'))).toBe('404 BLOB_UPLOAD_UNKNOWN');
  });

  test('a session belongs to its repository, and its name leads nowhere else', async () => {
    const location = await start('mine');
    expect((await call('GET', location.replace('/mine/', '/yours/'))).status).toBe(404);
    expect((await call('GET', '/v2/mine/blobs/uploads/..%2F_tags')).status).toBe(404);
  });

  test('what arrived of a broken request stays, and the client goes on from there', async () => {
    const location = await start();
    const socket = connect(Number(host().split(':')[1]), '127.0.0.1');
    socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nfirst half,`);
    const file = join(stateDir(), 'repositories/app/_uploads', location.split('/').at(-1) ?? '');
    await expect.poll(async () => (await stat(file)).size).toBe('first half,'.length);
    socket.destroy();
    await once(socket, 'close');
    expect((await call('GET', location)).headers.get('range')).toBe('0-10');
    const digest = digestOf('first half,second half');
    const end = await call('PUT', `${location}?digest=${digest}`, { body: 'second half' });
    expect(end.status).toBe(201);
  });

  test('a session outlives the server', async () => {
    const location = await start();
    await patch(location, 'before,');
    await restart();
    expect((await call('GET', location)).headers.get('range')).toBe('0-6');
    const end = await call('PUT', `${location}?digest=${digestOf('before,after')}`, { body: 'after' });
    expect(end.status).toBe(201);
  });

  test('two requests at once to one session take turns', async () => {
    const location = await start();
    const answers = await Promise.all([patch(location, 'aaaa', '0-3'), patch(location, 'bbbb', '0-3')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 416]);
    expect((await call('GET', location)).headers.get('range')).toBe('0-3');
  });

  describe('mounting', () => {
    test('makes a blob of one repository one of another without its bytes', async () => {
      const digest = digestOf('shared');
      await call('POST', `/v2/from/blobs/uploads/?digest=${digest}`, { body: 'shared' });
      const response = await call('POST', `/v2/to/blobs/uploads/?mount=${digest}&from=from`);
      expect(response.status).toBe(201);
      expect(response.headers.get('location')).toBe(`/v2/to/blobs/${digest}`);
      await call('DELETE', `/v2/from/blobs/${digest}`);
      expect(await (await call('GET', `/v2/to/blobs/${digest}`)).text()).toBe('shared');
      await call('DELETE', `/v2/to/blobs/${digest}`);
      const file = join(stateDir(), 'repositories/to/_blobs/sha256', digest.slice(7));
      await expect(access(file)).rejects.toThrow();
    });

    test.each([
      ['an unknown blob', `mount=${digestOf('nowhere')}&from=from`],
      ['an unknown repository', `mount=${digestOf('shared')}&from=nobody`],
      ['no repository', `mount=${digestOf('shared')}`],
      ['a bad digest', 'mount=sha256:1&from=from'],
    ])('%s falls back to an upload', async (_what, query) => {
      const response = await call('POST', `/v2/to/blobs/uploads/?${query}`);
      expect(response.status).toBe(202);
      expect((await call('GET', response.headers.get('location') as string)).status).toBe(204);
    });
  });
});

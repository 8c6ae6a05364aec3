import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { GitHub } from '../../../lib/source/github/github.ts';
import { json, serve } from './server.ts';

const web = { owner: 'acme', name: 'web' };
const commit = 'c'.repeat(40);
const token = async () => 't0ken';

describe('the head of a branch', () => {
  test('is found, with the token and the whole name of the branch', async () => {
    await using server = await serve((_request, response) =>
      json(response, 200, { ref: 'refs/heads/release/1.0', object: { sha: commit, type: 'commit' } }),
    );
    const head = await new GitHub({ apiUrl: `${server.url}/api/v3/`, token }).head(web, 'release/1#0');
    expect(head).toEqual({ is: 'found', commit });
    expect(server.requests).toEqual([
      {
        method: 'GET',
        url: '/api/v3/repos/acme/web/git/ref/heads/release/1%230',
        authorization: 'Bearer t0ken',
      },
    ]);
  });

  test.each([404, 409])('is gone when the host answers %i', async (status) => {
    await using server = await serve((_request, response) => json(response, status, { message: 'no' }));
    expect(await new GitHub({ apiUrl: server.url }).head(web, 'main')).toEqual({ is: 'gone' });
    expect(server.requests[0]?.authorization).toBeUndefined();
  });

  test('that the token may not read says so', async () => {
    await using server = await serve((_request, response) =>
      json(response, 401, { message: 'Bad credentials' }),
    );
    const reading = new GitHub({ apiUrl: server.url, token }).head(web, 'main');
    await expect(reading).rejects.toMatchObject({
      code: 'source/refused',
      temporary: false,
      message: expect.stringMatching(/401: Bad credentials.*check the token/),
    });
  });

  test.each(['ghp_s3cret\nmore', 'ghp_s3cret more', '“ghp_s3cret”', '{"token":"ghp_s3cret"}'])(
    'is not asked for with a token that is none, which no error repeats: %j',
    async (wrong) => {
      await using server = await serve((_request, response) => json(response, 200, {}));
      const reading = new GitHub({ apiUrl: server.url, token: async () => wrong }).head(web, 'main');
      const error: Error = await reading.then(
        () => new Error('it was sent'),
        (thrown: Error) => thrown,
      );
      expect(error).toMatchObject({ code: 'source/bad-token', temporary: false });
      expect(String(error.stack) + String(error.cause)).not.toContain('s3cret');
      expect(server.requests).toEqual([]);
    },
  );

  test('is asked for again after a temporary fault', async () => {
    const answers = [503, 429, 200];
    await using server = await serve((_request, response) => {
      const status = answers.shift() ?? 500;
      json(response, status, { object: { sha: commit } }, status === 200 ? {} : { 'retry-after': '0' });
    });
    expect(await new GitHub({ apiUrl: server.url }).head(web, 'main')).toEqual({ is: 'found', commit });
    expect(server.requests).toHaveLength(3);
  });

  test('is given up, as temporary, when the host wants a longer wait', async () => {
    const reset = String(Math.round(Date.now() / 1000) + 3600);
    await using server = await serve((_request, response) =>
      json(response, 403, {}, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }),
    );
    const reading = new GitHub({ apiUrl: server.url }).head(web, 'main');
    await expect(reading).rejects.toMatchObject({ code: 'source/rate-limited', temporary: true });
    expect(server.requests).toHaveLength(1);
  });

  test('of a host that cannot be reached is a temporary fault that names the reason', async () => {
    const server = await serve(() => {});
    await server[Symbol.asyncDispose]();
    const reading = new GitHub({ apiUrl: server.url }).head(web, 'main');
    await expect(reading).rejects.toMatchObject({
      code: 'source/unreachable',
      temporary: true,
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

describe('redirects', () => {
  test('to another host do not carry the token', async () => {
    await using elsewhere = await serve((_request, response) =>
      json(response, 200, { object: { sha: commit } }),
    );
    await using server = await serve((_request, response) => {
      response.writeHead(302, { location: `${elsewhere.url}/moved?token=x` }).end();
    });
    expect(await new GitHub({ apiUrl: server.url, token }).head(web, 'main')).toEqual({
      is: 'found',
      commit,
    });
    expect(server.requests[0]?.authorization).toBe('Bearer t0ken');
    expect(elsewhere.requests[0]?.authorization).toBeUndefined();
  });

  test('to the same host carry it, and do not go on for ever', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(301, { location: '/again?secret=1' }).end();
    });
    const reading = new GitHub({ apiUrl: server.url, token }).head(web, 'main');
    await expect(reading).rejects.toMatchObject({
      code: 'source/bad-redirect',
      message: expect.not.stringContaining('secret'),
    });
    expect(server.requests.every(({ authorization }) => authorization === 'Bearer t0ken')).toBe(true);
  });

  test('to something that is not HTTP are refused', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    });
    const reading = new GitHub({ apiUrl: server.url, token }).head(web, 'main');
    await expect(reading).rejects.toMatchObject({ code: 'source/bad-redirect' });
  });
});

describe('the status of a commit', () => {
  test('is set, with a description that GitHub takes', async () => {
    let body = '';
    await using server = await serve(async (request, response) => {
      body = await text(request);
      json(response, 201, {});
    });
    const status = {
      state: 'failure' as const,
      description: `no\n${'x'.repeat(200)}`,
      targetUrl: 'http://web/',
    };
    await new GitHub({ apiUrl: server.url, token }).setStatus(web, commit, status);
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: `/repos/acme/web/statuses/${commit}` });
    const sent = JSON.parse(body) as { description: string };
    expect(sent).toMatchObject({ state: 'failure', context: 'fairlead', target_url: 'http://web/' });
    expect(sent.description).toHaveLength(140);
    expect(sent.description).toMatch(/^no x+…$/);
  });

  test('is given up soon: nothing hangs on it', async () => {
    await using server = await serve((_request, response) => json(response, 502, {}));
    const setting = new GitHub({ apiUrl: server.url }).setStatus(web, commit, {
      state: 'pending',
      description: '',
    });
    await expect(setting).rejects.toMatchObject({ code: 'source/unreachable' });
    expect(server.requests).toHaveLength(2);
  });
});

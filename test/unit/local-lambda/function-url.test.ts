import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start } from './local-lambda.ts';

let lambda: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  lambda = await start({
    show: { code: 'export const handler = async (event: any) => event', functionUrl: true },
    answer: {
      code: `export const handler = async (event: any) => {
        const wanted = JSON.parse(event.body);
        if (wanted.throw) throw new Error('inside');
        return wanted.value;
      }`,
      functionUrl: true,
    },
    hidden: { code: 'export const handler = async () => 1' },
    busy: {
      code: 'export const handler = () => new Promise((r) => setTimeout(r, 500))',
      functionUrl: true,
      reservedConcurrency: 1,
    },
  });
});
afterAll(() => lambda.close());

describe('the event', () => {
  test('has the request in payload format 2.0', async () => {
    const response = await fetch(`${lambda.functionUrl('show')}a/b%20c?x=1&x=2&y=%26`, {
      method: 'POST',
      headers: { 'X-GitHub-Event': 'push', 'content-type': 'application/json', cookie: 'a=1; b=2' },
      body: '{"ü":1}',
    });
    const event = (await response.json()) as Record<string, never>;
    expect(event).toMatchObject({
      version: '2.0',
      rawPath: '/a/b%20c',
      rawQueryString: 'x=1&x=2&y=%26',
      queryStringParameters: { x: '1,2', y: '&' },
      cookies: ['a=1', 'b=2'],
      headers: { 'x-github-event': 'push', 'content-type': 'application/json' },
      requestContext: { http: { method: 'POST', path: '/a/b%20c', sourceIp: '127.0.0.1' } },
      body: '{"ü":1}',
      isBase64Encoded: false,
    });
    expect(event.requestContext).toMatchObject({
      time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:[\d:]{8} \+0000$/),
    });
  });

  test('has no body for a GET, and the root path for the bare URL', async () => {
    const event = (await (await fetch(lambda.functionUrl('show'))).json()) as object;
    expect(event).toMatchObject({ rawPath: '/', rawQueryString: '', isBase64Encoded: false });
    expect(event).not.toHaveProperty('body');
    expect(event).not.toHaveProperty('queryStringParameters');
  });

  test.each(['application/octet-stream', 'application/x-www-form-urlencoded'])(
    'has a body of %s in base64',
    async (type) => {
      const body = Uint8Array.of(0, 255, 128);
      const response = await fetch(lambda.functionUrl('show'), {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      expect(await response.json()).toMatchObject({ body: 'AP+A', isBase64Encoded: true });
    },
  );

  test('joins a header that came twice', async () => {
    const event = await new Promise<string>((resolve, reject) => {
      const headers = { 'X-Twice': ['a', 'b'] };
      request(lambda.functionUrl('show'), { headers, agent: new Agent() }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve(text));
      })
        .on('error', reject)
        .end();
    });
    expect(JSON.parse(event).headers['x-twice']).toMatch(/^a, ?b$/);
  });
});

describe('the answer', () => {
  const ask = (value: unknown) =>
    fetch(lambda.functionUrl('answer'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ value }),
    });

  test('has status, headers, cookies and body', async () => {
    const response = await ask({
      statusCode: 418,
      headers: { 'X-Mine': 1, 'Content-Type': 'text/plain' },
      cookies: ['a=1', 'b=2'],
      body: 'tea',
    });
    expect(response.status).toBe(418);
    expect(response.headers.get('x-mine')).toBe('1');
    expect(response.headers.get('content-type')).toBe('text/plain');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.text()).toBe('tea');
  });

  test('may be bytes', async () => {
    const response = await ask({ statusCode: 200, body: 'AP+A', isBase64Encoded: true });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(Uint8Array.of(0, 255, 128));
  });

  test.each([[{ a: 1 }], ['text'], [null], [[1, 2]], [7]])('without a status is JSON: %j', async (value) => {
    const response = await ask(value);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual(value);
  });

  test('that makes no sense is a 502', async () => {
    expect((await ask({ statusCode: 'many' })).status).toBe(502);
    expect((await ask({ statusCode: 200, headers: 'none' })).status).toBe(502);
  });

  test('of a handler that throws is a 502 that says nothing of the error', async () => {
    const response = await fetch(lambda.functionUrl('answer'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"throw":true}',
    });
    expect(response.status).toBe(502);
    expect(await response.text()).toBe('{"Message":"Internal Server Error"}');
  });
});

test('a body of more than 6 MB is refused, one of a little less is not', async () => {
  const post = (size: number) =>
    fetch(lambda.functionUrl('show'), {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'x'.repeat(size),
    });
  expect((await post(6 * 1024 * 1024 + 1)).status).toBe(413);
  expect((await post(5 * 1024 * 1024)).status).toBe(200);
});

test('a function without a URL cannot be reached, nor one that is not there', async () => {
  expect((await fetch(lambda.functionUrl('hidden'))).status).toBe(403);
  expect((await fetch(lambda.functionUrl('nobody'))).status).toBe(403);
});

test('too many at once are told so', async () => {
  const both = await Promise.all([fetch(lambda.functionUrl('busy')), fetch(lambda.functionUrl('busy'))]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 429]);
});

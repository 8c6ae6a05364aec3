import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Endpoint } from '../../../lib/engine/microvm/endpoint.ts';

let answer: (request: IncomingMessage, response: ServerResponse) => void;
const server = createServer((request, response) => answer(request, response));
let url = '';

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

/** An endpoint whose tokens are `token 1`, `token 2`, …, and how many it has asked for. */
function endpointOf(tokens: (string | undefined)[] = ['token 1', 'token 2', 'token 3']) {
  let given = 0;
  const control = { token: async () => tokens[given++] };
  return { endpoint: new Endpoint({ id: 'mvm-1', endpoint: url }, 'the key', control), given: () => given };
}

async function linesOf(heard: Awaited<ReturnType<Endpoint['hear']>>): Promise<unknown[]> {
  if (heard.is !== 'story') throw new Error(`not a story: ${JSON.stringify(heard)}`);
  const lines: unknown[] = [];
  for await (const line of heard.lines) lines.push(line);
  return lines;
}

test('a token is used as long as it holds, and renewed when the proxy takes it no more', async () => {
  let valid = 'token 1';
  const seen: unknown[] = [];
  answer = ({ headers }, response) => {
    seen.push([headers['x-aws-proxy-auth'], headers['x-fairlead-key'], headers['x-aws-proxy-port']]);
    if (headers['x-aws-proxy-auth'] === valid) response.end('{"ending":{}}\n');
    else response.writeHead(403).end('{"message":"Forbidden"}');
  };
  const { endpoint, given } = endpointOf();
  expect(await linesOf(await endpoint.hear('a', 0, 1))).toEqual([{ ending: {} }]);
  expect(await linesOf(await endpoint.hear('a', 0, 1))).toEqual([{ ending: {} }]);
  expect(given()).toBe(1);
  valid = 'token 2';
  expect(await linesOf(await endpoint.hear('a', 0, 1))).toEqual([{ ending: {} }]);
  expect(given()).toBe(2);
  expect(seen[0]).toEqual(['token 1', 'the key', '8080']);
});

test('a proxy that takes no token is asked twice, not forever', async () => {
  answer = (_, response) => response.writeHead(403).end('{}');
  const { endpoint, given } = endpointOf();
  expect(await endpoint.health()).toMatchObject({ is: 'refused', status: 403 });
  expect(given()).toBe(2);
});

test('what the VM itself refuses is told with its words, and no new token is asked for', async () => {
  answer = (_, response) =>
    response.writeHead(401).end('{"error":{"code":"wrong-key","message":"it is another key"}}');
  const { endpoint, given } = endpointOf();
  expect(await endpoint.health()).toEqual({
    is: 'refused',
    status: 401,
    code: 'wrong-key',
    message: 'it is another key',
  });
  expect(given()).toBe(1);
});

test.each([500, 502, 503])(
  'a proxy that finds no VM (%i) means that it cannot be reached',
  async (status) => {
    answer = (_, response) => response.writeHead(status).end('oops');
    expect(await endpointOf().endpoint.health()).toEqual({
      is: 'unreachable',
      why: `its endpoint answers ${status}`,
    });
  },
);

test('a VM that has no token any more is over', async () => {
  expect(await endpointOf([undefined]).endpoint.health()).toMatchObject({ is: 'unreachable' });
});

test('a story that is cut off in the middle gives its whole lines, and then the fault', async () => {
  answer = (_, response) => {
    response.write('{"n":0,"event":{"type":"built","ms":1}}\n{"n":1,"ev');
    setTimeout(() => response.destroy(), 50);
  };
  const heard = await endpointOf().endpoint.hear('a', 0, 1);
  if (heard.is !== 'story') throw new Error('not a story');
  const lines: unknown[] = [];
  const listening = (async () => {
    for await (const line of heard.lines) lines.push(line);
  })();
  await expect(listening).rejects.toThrow();
  expect(lines).toEqual([{ n: 0, event: { type: 'built', ms: 1 } }]);
});

test('a redirect is not followed: the key is for this VM alone', async () => {
  answer = (_, response) => response.writeHead(307, { location: `${url}/else` }).end();
  expect(await endpointOf().endpoint.health()).toMatchObject({ is: 'unreachable' });
});

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import type { Received } from '../../../lib/registry/answer.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { Sender } from '../../../lib/registry/send.ts';
import { requestToken } from '../../../lib/registry/tokens.ts';
import { faultOf, useRegistries } from './fixture.ts';
import { AMD64, imageOf, layerOf, QUICK } from './images.ts';

const start = useRegistries();
const servers: { close(): unknown; closeAllConnections?(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.();
    server.close();
  }
});

const textOf = async ({ body }: Received) => (body === null ? '' : text(body));

async function listening(server: Server, port = 0): Promise<URL> {
  servers.push(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
}

describe('a request', () => {
  test('goes to ports that browsers do not go to', async () => {
    const server = createServer((_request, response) => response.end('yes'));
    const url = await listening(server, 6667).catch(() => undefined);
    if (url === undefined) return; // somebody has that port
    expect(await textOf(await new Sender().send({ method: 'GET', url, headers: {} }, {}))).toBe('yes');
  });

  test('uses a connection again, and another one when that was closed meanwhile', async () => {
    const ports = new Set<number | undefined>();
    const server = createServer((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('ok');
      if (request.url === '/close') setImmediate(() => request.socket.resetAndDestroy());
    });
    const url = await listening(server);
    const sender = new Sender();
    const get = async (path: string) =>
      textOf(await sender.send({ method: 'GET', url: new URL(path, url), headers: {} }, {}));
    await get('/one');
    await get('/two');
    expect(ports.size).toBe(1);
    await get('/close');
    expect(await get('/three')).toBe('ok');
    expect(ports.size).toBe(2);
  });

  test('ends when nothing moves any more, before the answer and within it', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/part') response.write('some');
    });
    const url = await listening(server);
    const sender = new Sender(undefined, { connect: 1000, stalled: 50 });
    const ask = (path: string) => sender.send({ method: 'GET', url: new URL(path, url), headers: {} }, {});
    await expect(ask('/none')).rejects.toThrow('the transfer stalled');
    const response = await ask('/part');
    await expect(textOf(response)).rejects.toThrow(/stalled|aborted|terminated/);
  });

  test('lets go of its connection when nobody wants the answer', async () => {
    const server = createServer((_request, response) => response.write('some'));
    const url = await listening(server);
    const closed = once(server, 'connection').then(([socket]) => once(socket, 'close'));
    const response = await new Sender().send({ method: 'GET', url, headers: {} }, {});
    await response.body?.cancel();
    await closed;
  });

  test('ends with its signal, for the reason that it has', async () => {
    const url = await listening(createServer(() => {}));
    const request = { method: 'GET', url, headers: {}, signal: AbortSignal.timeout(20) };
    await expect(new Sender().send(request, {})).rejects.toHaveProperty('name', 'TimeoutError');
  });

  test('is not answered by what is no HTTP', async () => {
    const server = createTcpServer((socket) => socket.end('SSH-2.0-x\r\n\r\n'));
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const fault = await faultOf(new Registries({ patience: QUICK }).resolve(`${host}/app`, AMD64));
    expect(fault.code).toBe('registry/unreachable');
  });
});

describe('where nobody listens', () => {
  test('it is tried twice and told soon', async () => {
    const began = Date.now();
    const fault = await faultOf(new Registries().resolve('127.0.0.1:1/app', AMD64));
    expect(fault.code).toBe('registry/unreachable');
    expect(fault.message).toMatch(/ECONNREFUSED/);
    expect(Date.now() - began).toBeLessThan(2_000);
  });
});

describe('under a policy', () => {
  const guarded = new Registries({ network: { refuse: 'local-addresses' }, patience: QUICK });

  test.each(['127.0.0.1:5000/app', 'localhost:5000/app', '[::1]:5000/app', '169.254.169.254/latest'])(
    '%s is not connected to',
    async (reference) => {
      const fault = await faultOf(guarded.resolve(reference, AMD64));
      expect(fault.message).toMatch(/must not reach/);
    },
  );

  test('a redirect does not lead there either', async () => {
    const registry = await start();
    const sender = new Sender({ refuse: 'local-addresses' });
    const url = new URL(`http://${registry.host}/v2/`);
    await expect(sender.send({ method: 'GET', url, headers: {} }, {})).rejects.toThrow(/must not reach/);
    expect(registry.seen).toEqual([]);
  });
});

test('a blob at a storage service is asked for without the registry’s credentials', async () => {
  const [registry, storage] = [await start(), await start()];
  const layer = layerOf(3000);
  const image = imageOf(layer);
  const open = new Registries({ credentials: async () => ({ username: 'a', password: 'b' }) });
  await open.publish(image, `${registry.host}/app`, ['1']);
  registry.guard = ({ headers }) => (headers.authorization === undefined ? 'Basic realm="r"' : undefined);
  registry.on('GET', /\/blobs\//, (request, response) => {
    const signed = `http://${storage.host}${request.url}?X-Amz-Signature=abc`;
    response.writeHead(307, { location: signed }).end();
  });
  for (const [key, bytes] of registry.blobs) storage.blobs.set(key, bytes);
  await open.resolve(`${registry.host}/app:1`, AMD64);
  expect(registry.seen.some(({ headers }) => headers.authorization !== undefined)).toBe(true);
  expect(storage.seen.length).toBeGreaterThan(0);
  expect(storage.seen.map(({ headers }) => headers.authorization)).toEqual(storage.seen.map(() => undefined));
});

test('a token service where nobody may connect to is not asked', async () => {
  const sender = new Sender({ refuse: 'local-addresses' });
  const challenge = { scheme: 'bearer', realm: 'https://169.254.169.254/latest' } as const;
  const asking = requestToken(challenge, ['s'], undefined, { operation: 'pulling', insecure: [], sender });
  expect((await faultOf(asking)).code).toBe('network/refused');
});

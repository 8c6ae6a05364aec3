import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { PortProxy } from '../../../local/kubernetes/proxy/port-proxy.ts';

const open: { close(): unknown }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function listening(server: Server): Promise<number> {
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A pod that answers each line with its name, `slow` after a second. */
async function pod(name: string): Promise<number> {
  return listening(
    createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', async (line) => {
        if (String(line).includes('slow')) await sleep(1_000);
        socket.write(`${name}\n`);
      });
    }),
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function proxyTo(pods: number[], tries?: 'one'): Promise<{ proxy: PortProxy; port: number }> {
  const port = await freePort();
  const dial = async (_: string, to: number): Promise<Socket> => {
    const socket = connect(to, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  const failed = (error: Error) => {
    throw error;
  };
  const proxy = new PortProxy(port, dial, failed, tries);
  proxy.backends = pods.map((to) => ({ podIP: '10.244.0.1', port: to }));
  open.push(proxy);
  await sleep(50);
  return { proxy, port };
}

async function client(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket, line: string): Promise<string> {
  const answer = once(socket, 'data');
  socket.write(line);
  return String((await answer)[0]).trim();
}

describe('a connection whose pod is no endpoint any more', () => {
  it('is ended when it rests, so that the next request meets the new pod', async () => {
    const [before, after] = [await pod('old'), await pod('new')];
    const { proxy, port } = await proxyTo([before]);
    const resting = await client(port);
    expect(await ask(resting, 'hello')).toBe('old');
    proxy.backends = [{ podIP: '10.244.0.2', port: after }];
    await once(resting.resume(), 'end');
    expect(await ask(await client(port), 'hello')).toBe('new');
  });

  it('gets the answer it waits for first, however long that takes', async () => {
    const [before, after] = [await pod('old'), await pod('new')];
    const { proxy, port } = await proxyTo([before]);
    const waiting = await client(port);
    const answer = ask(waiting, 'slow');
    await sleep(50);
    proxy.backends = [{ podIP: '10.244.0.2', port: after }];
    expect(await answer).toBe('old');
    await once(waiting.resume(), 'end');
  });

  it('is left alone while its pod is an endpoint', async () => {
    const only = await pod('only');
    const { proxy, port } = await proxyTo([only]);
    const resting = await client(port);
    expect(await ask(resting, 'hello')).toBe('only');
    proxy.backends = [{ podIP: '10.244.0.1', port: only }];
    await sleep(800);
    expect(await ask(resting, 'again')).toBe('only');
  });
});

it('goes to another pod where one is just gone, unless it is as blind as the proxies of a cluster', async () => {
  const pods = [await freePort(), await pod('there')];
  const kind = await proxyTo(pods);
  for (const _ of pods) expect(await ask(await client(kind.port), 'hello')).toBe('there');
  const blind = await proxyTo(pods, 'one');
  const outcomes = [];
  for (const _ of pods)
    outcomes.push(
      await client(blind.port)
        .then((socket) => Promise.race([ask(socket, 'hello'), once(socket, 'close').then(() => 'cut')]))
        .catch(() => 'cut'),
    );
  expect(outcomes.sort()).toEqual(['cut', 'there']);
});

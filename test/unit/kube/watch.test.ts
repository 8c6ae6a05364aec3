import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { Mirror } from '../../../lib/kube/watch.ts';
import type { Pod } from '../../../lib/kube/wire.ts';
import { type Answer, fakeApi, json, refuse } from './fake-api.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const pod = (name: string, version: number) => ({
  metadata: { name, uid: name, resourceVersion: String(version) },
});
const list = (version: number, ...items: object[]) => ({
  metadata: { resourceVersion: String(version) },
  items,
});

/** A mirror of an API that gives `lists` and `watches` one after the other. */
async function mirrorOf(
  lists: object[],
  watches: ((response: ServerResponse) => unknown)[],
  before?: Answer,
) {
  let [listed, watched] = [0, 0];
  const api = await fakeApi((request, response) => {
    if (before?.(request, response)) return;
    if (!request.query.has('watch')) return json(response, 200, lists[listed++]);
    const answer = watches[watched++];
    // The last watch stays open.
    if (answer === undefined) return response.writeHead(200).flushHeaders();
    return answer(response);
  });
  const kube = new Kube(api.connection);
  const ended = new AbortController();
  const changes = new EventTarget();
  const mirror = new Mirror<Pod>(kube, '/api/v1/pods', { labelSelector: 'a=b' }, () =>
    changes.dispatchEvent(new Event('change')),
  );
  const run = mirror.run(ended.signal);
  run.catch(() => {});
  closing.push(
    () => ended.abort(),
    () => kube.close(),
    api.close,
  );
  const until = async (is: () => boolean) => {
    while (!is()) await once(changes, 'change');
  };
  const names = () => [...mirror.items.values()].map(({ metadata }) => metadata?.name);
  const versions = () =>
    api.requests.filter(({ query }) => query.has('watch')).map(({ query }) => query.get('resourceVersion'));
  return { api, mirror, run, ended, until, names, versions };
}

const send =
  (...events: [string, object][]) =>
  (response: ServerResponse) => {
    response.writeHead(200);
    for (const [type, object] of events) response.write(`${JSON.stringify({ type, object })}\n`);
    response.end();
  };

it('lists, then follows from there', async () => {
  const { names, until, versions, api } = await mirrorOf(
    [list(5, pod('a', 3))],
    [send(['ADDED', pod('b', 6)], ['MODIFIED', pod('a', 7)], ['DELETED', pod('a', 8)])],
  );
  await until(() => names().join() === 'b');
  expect(versions()[0]).toBe('5');
  expect(api.requests.every(({ query }) => query.get('labelSelector') === 'a=b')).toBe(true);
  expect(api.requests[1]?.query.get('allowWatchBookmarks')).toBe('true');
});

it('goes on after the last event, or the last bookmark, when a watch ends', async () => {
  const { names, until, versions } = await mirrorOf(
    [list(5)],
    [
      send(['ADDED', pod('a', 6)], ['BOOKMARK', { metadata: { resourceVersion: '20' } }]),
      send(['ADDED', pod('b', 21)]),
      send(['ADDED', pod('c', 22)]),
    ],
  );
  await until(() => names().length === 3);
  expect(versions().slice(0, 3)).toEqual(['5', '20', '21']);
});

it('goes on when the connection breaks in the middle of a line', async () => {
  const { names, until, mirror } = await mirrorOf(
    [list(5)],
    [
      (response) => {
        const line = JSON.stringify({ type: 'ADDED', object: pod('b', 7) });
        response.writeHead(200);
        response.write(
          `${JSON.stringify({ type: 'ADDED', object: pod('a', 6) })}\n${line.slice(0, 20)}`,
          () => response.destroy(),
        );
      },
      send(['ADDED', pod('b', 7)]),
    ],
  );
  await until(() => names().join() === 'a,b');
  expect(mirror.synced).toBe(true);
});

it('takes events that come in pieces', async () => {
  const { names, until } = await mirrorOf(
    [list(5)],
    [
      async (response) => {
        const text = `${JSON.stringify({ type: 'ADDED', object: pod('ä', 6) })}\n`;
        response.writeHead(200);
        for (const byte of Buffer.from(text))
          await new Promise((resolve) => response.write(Buffer.of(byte), resolve));
      },
    ],
  );
  await until(() => names().join() === 'ä');
});

it.each<[string, (response: ServerResponse) => unknown]>([
  ['as an answer', (response) => refuse(response, 410, 'Expired', 'too old resource version')],
  ['as an event', send(['ERROR', { code: 410, reason: 'Expired', message: 'too old resource version' }])],
])('lists again when the server has forgotten that point (%s)', async (_, gone) => {
  const { names, until, versions } = await mirrorOf([list(5, pod('a', 3)), list(90, pod('z', 80))], [gone]);
  await until(() => names().join() === 'z');
  await expect.poll(versions).toEqual(['5', '90']);
});

it('counts as followed again only when it is listed, where a watch could not be resumed at once', async () => {
  let [failures, versionsSeen] = [2, 0];
  const { mirror, until, names, versions } = await mirrorOf(
    [list(5, pod('a', 3)), list(9, pod('b', 8))],
    [(response) => response.destroy()],
    ({ query }, response) => {
      if (!query.has('watch') || versionsSeen++ === 0 || failures-- <= 0) return false;
      refuse(response, 503, 'ServiceUnavailable');
      return true;
    },
  );
  await until(() => mirror.trouble !== undefined);
  await until(() => mirror.trouble === undefined);
  expect(names()).toEqual(['b']);
  await expect.poll(() => versions().at(-1)).toBe('9');
});

it('goes on trying while the API is in trouble, and says so', async () => {
  let failures = 3;
  const { mirror, until } = await mirrorOf([list(5, pod('a', 3))], [], (_, response) => {
    if (failures-- <= 0) return false;
    refuse(response, 503, 'ServiceUnavailable');
    return true;
  });
  await until(() => mirror.trouble !== undefined);
  expect(mirror.trouble?.code).toBe('kube/service-unavailable');
  await until(() => mirror.synced);
  expect(mirror.trouble).toBeUndefined();
});

it('does not ask without a pause where every watch ends at once', async () => {
  const { names, until, versions } = await mirrorOf([list(5, pod('a', 3))], Array(1000).fill(send()));
  await until(() => names().join() === 'a');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(versions().length).toBeGreaterThan(2);
  expect(versions().length).toBeLessThan(10);
});

it('does not ask without a pause while nobody listens', async () => {
  const { mirror, until, api } = await mirrorOf([list(5, pod('a', 3))], []);
  await until(() => mirror.synced);
  let told = 0;
  api.refuseConnections(() => {
    told += 1;
  });
  api.cut();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(mirror.trouble?.code).toBe('kube/unreachable');
  expect(told).toBeGreaterThan(2);
  expect(told).toBeLessThan(15);
});

it('ends with what no repetition heals', async () => {
  const { run } = await mirrorOf([], [], (_, response) => {
    refuse(response, 403, 'Forbidden', 'User "u" cannot list resource "pods"');
    return true;
  });
  await expect(run).rejects.toMatchObject({ code: 'kube/forbidden' });
});

it('asks again when it is refused what it was given: an API server that was just started knows no rights', async () => {
  let refusals = 2;
  let listed = false;
  const { mirror, names, until } = await mirrorOf(
    [list(5, pod('a', 3)), list(9, pod('b', 8))],
    [send()],
    (_, response) => {
      if (!listed || refusals === 0) {
        listed = true;
        return false;
      }
      refusals -= 1;
      refuse(response, 403, 'Forbidden', 'User "u" cannot watch resource "pods"');
      return true;
    },
  );
  await until(() => mirror.trouble !== undefined);
  expect(mirror.trouble?.code).toBe('kube/forbidden');
  await until(() => names().join() === 'b');
  expect(mirror.trouble).toBeUndefined();
});

it('ends when it is told to', async () => {
  const { run, ended, mirror, until } = await mirrorOf([list(5)], []);
  await until(() => mirror.synced);
  ended.abort();
  await expect(run).resolves.toBeUndefined();
});

import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Order } from '../../../lib/engine/microvm/protocol.ts';
import type { Carry } from '../../../lib/engine/microvm/server/builds.ts';
import { startVmServer } from '../../../lib/engine/microvm/server/start.ts';

const KEY = 'k'.repeat(64);
const NAME = 'a'.repeat(40);
const HOOKS = '/aws/lambda-microvms/runtime/v1';
const ANSWER = {
  outcome: 'built' as const,
  digest: `sha256:${'0'.repeat(64)}` as const,
  image: 'r/x@sha256:0',
  exposedPorts: [],
  ms: 1,
  uploadedBytes: 0,
};

const ORDER: Order = {
  name: NAME,
  subject: { delivery: 'd', app: 'web', commit: 'c'.repeat(40) },
  repository: { host: 'github', owner: 'o', name: 'n' },
  publishTo: 'registry.test/web',
  tags: ['t'],
  platform: { os: 'linux', architecture: 'arm64' },
  network: { refuse: 'local-addresses' },
  isolation: 'required',
  source: { apiUrl: 'https://git.test', token: 'a-secret-token' },
  registries: {
    mirrors: {},
    insecure: [],
    credentials: [{ host: 'registry.test', username: 'AWS', password: 'a-secret-password' }],
  },
};

let directory: string;
let server: Awaited<ReturnType<typeof startVmServer>>;
let carry: Carry;
let carried: Order[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'flvm-'));
  carried = [];
  carry = async () => ANSWER;
  server = await startVmServer({
    carry: (order, onEvent, signal) => {
      carried.push(order);
      return carry(order, onEvent, signal);
    },
    listen: join(directory, '8080'),
    listenHooks: join(directory, '9000'),
    limitMs: 700,
  });
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

interface Answer {
  status: number;
  text: string;
  lines: {
    n?: number;
    event?: { text: string };
    ending?: unknown;
    error?: { code: string; message: string };
  }[];
}

function ask(method: string, path: string, body = '', headers: Record<string, string> = {}, port = '8080') {
  return new Promise<Answer>((resolve, reject) => {
    const options = {
      socketPath: join(directory, port),
      method,
      path,
      headers: { 'x-fairlead-key': KEY, ...headers },
    };
    const asked = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        const lines = text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line));
        resolve({ status: response.statusCode ?? 0, text, lines });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const hook = (name: string, body = '') => ask('POST', `${HOOKS}/${name}`, body, {}, '9000');
const run = (key = KEY) =>
  hook('run', JSON.stringify({ microvmId: 'mvm-1', runHookPayload: JSON.stringify({ key }) }));
const order = (changes: object = {}, query = '') =>
  ask('POST', `/build${query}`, JSON.stringify({ ...ORDER, ...changes }));

describe('the key', () => {
  test('comes with the run hook, and before that nothing is taken', async () => {
    expect((await ask('GET', '/health')).status).toBe(503);
    expect((await order()).status).toBe(503);
    expect((await run()).status).toBe(200);
    expect((await ask('GET', '/health')).status).toBe(200);
    expect(carried).toHaveLength(0);
  });

  test('is the first one: whoever calls the hook again, as a command in the VM could, changes nothing', async () => {
    await run();
    expect((await run('z'.repeat(64))).status).toBe(409);
    expect((await run()).status).toBe(200);
    expect((await ask('GET', '/health')).status).toBe(200);
  });

  test.each(['', '{}', 'not json', '{"key":"short"}', '{"runHookPayload":7}'])('is not %j', async (body) => {
    expect((await hook('run', body)).status).toBe(400);
    expect((await ask('GET', '/health')).status).toBe(503);
  });

  test.each<Record<string, string>>([{ 'x-fairlead-key': '' }, { 'x-fairlead-key': `${KEY}k` }])(
    'is asked for on every path: %j',
    async (headers) => {
      await run();
      for (const [method, path] of [
        ['GET', '/health'],
        ['POST', '/build'],
        ['GET', `/build/${NAME}`],
        ['GET', '/else'],
      ] as const) {
        const answer = await ask(method, path, '', headers);
        expect([path, answer.status, answer.lines[0]?.error?.code]).toEqual([path, 401, 'wrong-key']);
      }
    },
  );
});

describe('a request that is wrong', () => {
  beforeEach(() => run());

  test.each<[string, string, string, number, string]>([
    ['GET', '/build', '', 405, 'wrong-method'],
    ['DELETE', `/build/${NAME}`, '', 405, 'wrong-method'],
    ['GET', '/nothing', '', 404, 'not-found'],
    ['GET', '/build/../../etc/passwd', '', 404, 'not-found'],
    ['GET', `/build/${'b'.repeat(40)}`, '', 404, 'unknown-build'],
    ['POST', '/build', '{', 400, 'bad-order'],
    ['POST', '/build', '[]', 400, 'bad-order'],
    ['POST', '/build', 'x'.repeat(300_000), 413, 'too-large'],
    ['POST', '/build?wait=999', JSON.stringify(ORDER), 400, 'bad-parameter'],
    ['POST', '/build?wait=-1', JSON.stringify(ORDER), 400, 'bad-parameter'],
  ])('%s %s gets one clear answer', async (method, path, body, status, code) => {
    const answer = await ask(method, path, body);
    expect([answer.status, answer.lines[0]?.error?.code]).toEqual([status, code]);
    expect(carried).toHaveLength(0);
  });

  test('is told where it is wrong, without what stands there', async () => {
    const answer = await order({
      source: { apiUrl: 'ftp://user:a-secret-token@host', token: 'a-secret-token' },
    });
    expect(answer.status).toBe(400);
    expect(answer.lines[0]?.error?.message).toMatch(/^source\.apiUrl: /);
    expect(answer.text).not.toContain('a-secret');
  });
});

describe('a build', () => {
  beforeEach(() => run());

  test('is told from the start, or from where it is asked for, as often as it is asked', async () => {
    carry = async (_, onEvent) => {
      for (const text of ['one', 'two', 'three']) onEvent({ type: 'output', line: 1, text });
      return ANSWER;
    };
    const first = await order();
    expect(first.lines.map(({ event }) => event?.text)).toEqual(['one', 'two', 'three', undefined]);
    expect(first.lines.at(-1)).toEqual({ ending: { answer: ANSWER } });
    const again = await ask('GET', `/build/${NAME}?from=2`);
    expect(again.lines.map(({ n, event }) => [n, event?.text])).toEqual([
      [2, 'three'],
      [undefined, undefined],
    ]);
    expect((await order()).text).toBe(first.text);
    expect(carried).toHaveLength(1);
  });

  test('goes on when whoever asked has gone, and keeps another one waiting', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    carry = async () => {
      await promise;
      return ANSWER;
    };
    const begun = await order({}, '?wait=0');
    expect([begun.status, begun.lines]).toEqual([200, []]);
    const other = await order({ name: 'b'.repeat(40) });
    expect([other.status, other.lines[0]?.error?.code]).toEqual([409, 'busy']);
    resolve();
    expect((await ask('GET', `/build/${NAME}`)).lines).toEqual([{ ending: { answer: ANSWER } }]);
    expect((await order({ name: 'b'.repeat(40) })).lines).toEqual([{ ending: { answer: ANSWER } }]);
  });

  test('that broke is begun anew when it is asked for again; one that failed is not', async () => {
    carry = async () => {
      throw new Error('the registry went away');
    };
    expect((await order()).lines).toEqual([{ ending: { fault: { message: 'the registry went away' } } }]);
    carry = async () => ({ outcome: 'failed', blame: 'commit', reason: 'no', details: '' });
    const failed = [
      { ending: { answer: { outcome: 'failed', blame: 'commit', reason: 'no', details: '' } } },
    ];
    expect((await order()).lines).toEqual(failed);
    carry = async () => ANSWER;
    expect((await order()).lines).toEqual(failed);
    expect(carried).toHaveLength(2);
  });

  test('that has no disk left says so, however deep the cause is', async () => {
    carry = async () => {
      const cause = Object.assign(new Error('write'), { code: 'ENOSPC' });
      throw new Error('writing a layer', { cause });
    };
    const ending = { fault: { message: 'writing a layer', exhausted: 'disk' } };
    expect((await order()).lines).toEqual([{ ending }]);
  });

  test('that does not end is broken off, as one that needs more time', async () => {
    carry = (_, __, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const [last] = (await order()).lines.slice(-1);
    expect(last?.ending).toMatchObject({ fault: { message: /broken off/, exhausted: 'time' } });
  });

  test('keeps a bounded part of endless output', async () => {
    carry = async (_, onEvent) => {
      for (let n = 0; n < 20_000; n++) onEvent({ type: 'output', line: 1, text: 'x'.repeat(5_000) });
      return ANSWER;
    };
    const { lines, text } = await order();
    expect(lines).toHaveLength(5_002);
    expect(text.length).toBeLessThan(12_000_000);
  });

  test('is broken off when the VM is terminated, and not when it is suspended', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    carry = async (_, __, signal) => {
      await Promise.race([
        promise,
        new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
      ]);
      return ANSWER;
    };
    await order({}, '?wait=0');
    for (const name of ['suspend', 'resume', 'ready', 'validate'])
      expect((await hook(name)).status).toBe(200);
    expect((await hook('terminate')).status).toBe(200);
    const ending = { fault: { message: 'the MicroVM was terminated' } };
    expect((await ask('GET', `/build/${NAME}`)).lines).toEqual([{ ending }]);
    resolve();
  });

  test('gives its credentials to nobody who asks', async () => {
    carry = async (_, onEvent) => {
      onEvent({ type: 'notice', message: 'hello' });
      return ANSWER;
    };
    const seen = [await order(), await ask('GET', `/build/${NAME}`), await ask('GET', '/health')];
    for (const { text } of seen) expect(text).not.toContain('a-secret');
  });
});

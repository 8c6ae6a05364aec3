import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OperateAnswer } from '../../../lib/operate/answer.ts';

/** A function that answers by a script, behind Lambda's API. */
let server: Server;
let cache: string;
let asked: { function: string; question: Record<string, unknown> }[] = [];
let answers: ((question: Record<string, unknown>) => OperateAnswer | { status: number; type: string })[] = [];

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'fairlead-operate-'));
  server = createServer(async (request, response) => {
    const question = JSON.parse(await text(request)) as Record<string, unknown>;
    asked.push({ function: decodeURIComponent((request.url ?? '').split('/')[3] ?? ''), question });
    const answer = (answers.length > 1 ? answers.shift() : answers[0])?.(question) ?? {
      status: 500,
      type: 'X',
    };
    if ('type' in answer)
      return response.writeHead(answer.status, { 'x-amzn-errortype': answer.type }).end('{"message":"no"}');
    return response.end(JSON.stringify(answer));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  await mkdir(join(cache, 'fairlead', 'clouds'), { recursive: true });
  await announce(process.pid, endpoint(), '2026-01-02T00:00:00Z');
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(cache, { recursive: true, force: true });
});
beforeEach(() => {
  asked = [];
  answers = [];
});

const endpoint = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function announce(pid: number, url: string, startedAt: string): Promise<void> {
  const keys = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret', region: 'us-east-1' };
  const cloud = { pid, startedAt, ...keys, endpoints: { AWS_ENDPOINT_URL_LAMBDA: url } };
  await writeFile(join(cache, 'fairlead', 'clouds', `${pid}.json`), JSON.stringify(cloud));
}

const root = join(import.meta.dirname, '..', '..', '..');

async function fairlead(args: string[], environment: Record<string, string> = {}) {
  const { PATH = '', HOME = '' } = process.env;
  const env = {
    PATH,
    HOME,
    XDG_CACHE_HOME: cache,
    NO_COLOR: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...environment,
  };
  const child: ChildProcess = spawn(process.execPath, [join(root, 'bin', 'fairlead.ts'), ...args], { env });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [out, err] = await Promise.all(
    [child.stdout, child.stderr].map((stream) => (stream ? text(stream) : '')),
  );
  return { code: await ended, out: out ?? '', err: err ?? '' };
}

const bad = { commit: 'b'.repeat(40), reason: 'it crashes', at: '2026-01-01T12:00:00.000Z' };
const environment = { app: 'web', name: 'production' };
const execution = 'arn:aws:lambda:execution';
const status: OperateAnswer = {
  is: 'status',
  environments: [
    {
      ...environment,
      namespace: 'web',
      repository: 'acme/web',
      branch: 'main',
      pushedAt: '2026-01-01T12:00:00.000Z',
      live: { release: 4, commit: 'a'.repeat(40), url: 'http://web.test' },
      bad: [bad],
    },
  ],
};

describe.concurrent('outside of a local cloud', () => {
  test.each([
    ['no region', {}, 'no region is set', 'set AWS_REGION'],
    [
      'no credentials',
      { AWS_REGION: 'eu-west-1', HOME: '/nonexistent' },
      'does not know who asks',
      'aws sso login',
    ],
    ['another pid', { FAIRLEAD_LOCAL: '1' }, 'no local cloud is the process 1', 'FAIRLEAD_LOCAL may be'],
  ])('%s is told with what to do', { timeout: 60_000 }, async (_, variables, cause, remedy) => {
    const local = 'FAIRLEAD_LOCAL' in variables ? ['--local'] : [];
    const { code, out, err } = await fairlead(['status', ...local], variables);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(cause);
    expect(err).toContain(remedy);
  });
});

describe('in the local cloud that runs', { timeout: 60_000 }, () => {
  test('status asks the function by its name', async () => {
    answers = [() => status];
    const { code, out } = await fairlead(['status', 'web', '--local']);
    expect(code).toBe(0);
    expect(out).toContain('release 4, commit aaaaaaaaaaaa');
    expect(asked).toEqual([{ function: 'fairlead-operate', question: { do: 'status', app: 'web' } }]);
  });

  test('rollback is followed until it has ended, and tells what runs', async () => {
    answers = [
      () => ({
        is: 'started',
        environment,
        execution,
        from: { release: 3, commit: 'b'.repeat(40) },
        to: { release: 2, commit: 'a'.repeat(40) },
      }),
      () => ({ is: 'going-on' }),
      () => ({ is: 'ended', outcome: 'rolled-back', message: 'rolled-back web' }),
      () => status,
    ];
    const { code, out } = await fairlead(['rollback', 'web', '--to', '2', '--reason', 'slow', '--local']);
    expect(out).toContain('- release 3 (bbbbbbbbbbbb)\n  + release 2 (aaaaaaaaaaaa)\nrolled-back web\n');
    expect(out).toContain('http://web.test');
    expect(code).toBe(0);
    expect(asked[0]?.question).toMatchObject({
      do: 'roll-back',
      app: 'web',
      to: 2,
      reason: 'slow',
      by: expect.any(String),
    });
    expect(asked.slice(1, 3).map(({ question }) => question)).toEqual([
      { do: 'progress', execution },
      { do: 'progress', execution },
    ]);
  });

  test('a rollback that fails ends with code 1; as JSON it is one object', async () => {
    answers = [
      () => ({ is: 'started', environment, execution }),
      () => ({ is: 'ended', outcome: 'failed', message: 'failed web: the cluster is gone' }),
      () => status,
    ];
    const { code, out } = await fairlead(['rollback', 'web', '--local', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ outcome: 'failed', environment: { live: { release: 4 } } });
  });

  test('retry lets a commit in and follows its deployment', async () => {
    answers = [
      () => ({ is: 'forgiven', environment, bad, execution }),
      () => ({ is: 'ended', outcome: 'live', message: 'live web' }),
      () => status,
    ];
    const { code, out } = await fairlead(['retry', 'web', 'bbbb', '--local']);
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/^bbbbbbbbbbbb is let in again.*\n {2}it crashes\nlive web/),
    });
    expect(asked[0]?.question).toEqual({ do: 'forgive', app: 'web', commit: 'bbbb', deploy: true });
  });

  test('what the installation refuses is told with its remedy', async () => {
    answers = [
      () => ({
        is: 'refused',
        code: 'operate/no-app',
        cause: 'there is no app web',
        remedy: 'there are api',
      }),
    ];
    const { code, err } = await fairlead(['releases', 'web', '--local']);
    expect({ code, err }).toEqual({ code: 1, err: 'ERROR: there is no app web\nhint: there are api\n' });
  });

  test.each([
    [['rollback'], /missing required argument 'app'/],
    [['rollback', 'web', '--to', 'x'], /whole number above 0/],
    [['diff', 'web', 'x'], /whole number above 0/],
    [['preview', 'web', 'x', '--commit', 'a'], /whole number above 0/],
    [['status', '--what'], /unknown option '--what'/],
  ])('%j is wrong usage', async (args, why) => {
    const { code, err } = await fairlead([...args, '--local']);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(why) });
    expect(asked).toEqual([]);
  });
});

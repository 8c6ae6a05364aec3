import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type { Context } from 'aws-lambda';
import { type Header, pack } from 'tar-stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BuildAnswer, BuildRequest } from '../../../lib/build/request.ts';
import { startRegistry } from '../../../local/registry/server.ts';

type Item = Partial<Header> & { name: string; content?: string };

/** The files of each commit, as the git host's archive has them. */
const commits = new Map<string, Item[]>();

async function tarball(items: Item[]): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'acme-web/', type: 'directory' });
  for (const { content, name, ...header } of items)
    tar.entry({ ...header, name: `acme-web/${name}` }, content ?? '');
  tar.finalize();
  return gzipSync(await buffer(tar as unknown as AsyncIterable<Buffer>));
}

const host = createServer(async (request, response) => {
  const items = commits.get(request.url?.split('/').at(-1) ?? '');
  if (items === undefined) return response.writeHead(404).end('{}');
  return response.end(await tarball(items));
});

let directory: string;
let registry: Awaited<ReturnType<typeof startRegistry>>;
let handler: (request: BuildRequest, context: Context) => Promise<BuildAnswer>;
const told: { event: string; message: string; detail: Record<string, unknown> }[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-build-image-'));
  registry = await startRegistry({ stateDir: join(directory, 'registry') });
  await new Promise<void>((done) => host.listen(0, '127.0.0.1', done));
  const variables = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    // Nobody is there: the registry on loopback wants no credentials.
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    HOST_API_URLS: JSON.stringify({ github: `http://127.0.0.1:${(host.address() as AddressInfo).port}` }),
    CACHE_DIR: join(directory, 'cache'),
    LOCAL_ADDRESSES: 'allowed',
    TMPDIR: await mkdtemp(join(directory, 'tmp-')),
    POWERTOOLS_DEV: 'true',
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.spyOn(console, 'info').mockImplementation((line: string) => told.push(JSON.parse(line)));
  ({ handler } = await import('../../../lambdas/build-image.ts'));
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  host.closeAllConnections();
  await new Promise((done) => host.close(done));
  await registry.close();
  await rm(directory, { recursive: true });
});
beforeEach(() => {
  told.length = 0;
});

let count = 0;
async function build(items: Item[], publishTo = `${registry.host}/fairlead/web`): Promise<BuildAnswer> {
  const commit = String(++count).padStart(40, '0');
  commits.set(commit, items);
  return await request(commit, publishTo);
}

async function request(commit: string, publishTo = `${registry.host}/fairlead/web`): Promise<BuildAnswer> {
  const subject = { delivery: 'd', app: 'web', commit };
  const asked = {
    subject,
    repository: { host: 'github' as const, owner: 'acme', name: 'web' },
    publishTo,
    tags: [commit],
    fence: 1,
  };
  return await handler(asked, { getRemainingTimeInMillis: () => 60_000 } as Context);
}

const DOCKERFILE =
  'FROM scratch\nCOPY hello /hello\nENV GREETING=hi\nEXPOSE 9000 8080 53/udp\nUSER 65532\nENTRYPOINT ["/hello"]\n';
const HELLO = { name: 'hello', content: 'not run here', mode: 0o755 };

describe('a commit with a Dockerfile', () => {
  test('is built and published under its own name, and told about step by step', async () => {
    const appFile = 'port: 9000\n';
    const answer = await build([
      { name: 'Dockerfile', content: DOCKERFILE },
      HELLO,
      { name: 'fairlead.yaml', content: appFile },
    ]);
    expect(answer).toMatchObject({
      outcome: 'built',
      exposedPorts: [8080, 9000],
      env: expect.arrayContaining(['GREETING=hi']),
      user: '65532',
      appFile,
    });
    if (answer.outcome !== 'built') return;
    expect(answer.image).toBe(`${registry.host}/fairlead/web@${answer.digest}`);
    const commit = String(count).padStart(40, '0');
    for (const reference of [answer.digest, commit]) {
      const manifest = await fetch(`http://${registry.host}/v2/fairlead/web/manifests/${reference}`);
      expect(manifest.headers.get('docker-content-digest')).toBe(answer.digest);
    }
    expect(told.map(({ event }) => event).filter((event) => event !== 'build.notice')).toEqual([
      ...told.filter(({ event }) => event === 'build.step').map(() => 'build.step'),
      'build.finished',
      'image.published',
      'cache.kept',
    ]);
    expect(told.map(({ message }) => message).join('\n')).toMatch(/COPY hello \/hello/);
  });

  test('has the same digest when it is built again, and sends nothing', async () => {
    const items = [{ name: 'Dockerfile', content: DOCKERFILE }, HELLO];
    const [first, second] = [await build(items), await build(items)];
    if (first.outcome !== 'built' || second.outcome !== 'built') throw new Error('not built');
    expect(second.digest).toBe(first.digest);
    expect(second.uploadedBytes).toBeLessThan(1000);
  });

  test('leaves no files behind', async () => {
    await build([{ name: 'Dockerfile', content: DOCKERFILE }, HELLO]);
    const left = await readdir(tmpdir());
    expect(left.filter((name) => name.startsWith('fairlead-commit-'))).toEqual([]);
  });
});

describe('a commit that cannot be built', () => {
  test.each<[string, Item[], RegExp]>([
    [
      'no Dockerfile',
      [{ name: 'main.go', content: 'package main' }],
      /no Dockerfile at the top of the repository/,
    ],
    ['an empty tree', [], /no Dockerfile/],
    [
      'a fairlead.yaml that no answer can carry',
      [
        { name: 'Dockerfile', content: 'FROM scratch\n' },
        { name: 'fairlead.yaml', content: '#'.repeat(70_000) },
      ],
      /fairlead\.yaml: it has 70000 characters/,
    ],
    [
      'a Dockerfile elsewhere',
      [{ name: 'Dockerfile', type: 'symlink', linkname: '/etc/hostname' }],
      /no Dockerfile/,
    ],
    [
      'a wrong Dockerfile',
      [{ name: 'Dockerfile', content: 'FROM scratch\nCOPPY a /a\n' }],
      /Dockerfile:2.*COPPY/,
    ],
    ['a missing file', [{ name: 'Dockerfile', content: 'FROM scratch\nCOPY gone /gone\n' }], /gone/],
  ])('%s: is its own fault, in one line', async (_what, items, says) => {
    const located = items.map((item) => ({
      ...item,
      content: item.content?.replace('REGISTRY', registry.host) ?? '',
    }));
    const answer = await build(located);
    expect(answer).toMatchObject({ outcome: 'failed', blame: 'commit', reason: expect.stringMatching(says) });
    if (answer.outcome === 'failed') expect(answer.reason).not.toContain('\n');
    expect(told.at(-1)).toMatchObject({ event: 'build.failed', message: expect.stringMatching(says) });
  });

  test('because a base is unknown is not its fault: it may be there tomorrow', async () => {
    const dockerfile = `FROM ${registry.host}/nobody/knows:1\nCMD ["x"]\n`;
    const answer = await build([{ name: 'Dockerfile', content: dockerfile }]);
    const reason = expect.stringMatching(/nobody\/knows/);
    expect(answer).toMatchObject({ outcome: 'failed', blame: 'elsewhere', reason });
  });

  test('because the git host does not have it any more is not its fault', async () => {
    expect(await request('f'.repeat(40))).toMatchObject({ outcome: 'failed', blame: 'elsewhere' });
  });

  test('because nobody answers for now is thrown, for another try', async () => {
    const items = [{ name: 'Dockerfile', content: DOCKERFILE }, HELLO];
    const gone = await startRegistry({ stateDir: join(directory, 'gone') });
    await gone.close();
    await expect(build(items, `${gone.host}/web`)).rejects.toMatchObject({ temporary: true });
  }, 60_000);
});

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { forgeOf } from '../../../../lib/source/forge-of.ts';
import type { CommitStatus } from '../../../../lib/source/types.ts';
import { type Answer, type Asked, hostServer } from './host-server.ts';
import { type Branch, KINDS, type Kind } from './kinds.ts';

const commit = 'c'.repeat(40);
const now = new Date().toISOString();
const main: Branch = { name: 'main', commit, pushedAt: now };

async function archive(): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'web-c0ffee/Dockerfile' }, 'FROM scratch\n');
  tar.finalize();
  return gzipSync(await buffer(tar as unknown as AsyncIterable<Buffer>));
}

/** A host of a kind, and a client of it. */
async function stand(kind: Kind, answer: (asked: Asked) => Answer | undefined, token = true) {
  const server = await hostServer(answer);
  const apiUrl = `${server.url}${kind.api}`;
  const forge = forgeOf(kind.kind, { apiUrl, ...(token && { token: async () => 't0ken' }) });
  const repository = { owner: kind.owner, name: 'web' };
  return { server, forge, repository, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const tokenIn = ({ token: [name] }: Kind, { headers }: Asked) => headers[name];

describe.each(KINDS)('$kind', (kind) => {
  test('tells the head of a branch, whose whole name it is asked for', async () => {
    const branch = { ...main, name: 'release/1.0' };
    await using host = await stand(kind, () => ({ body: kind.branch(branch) }));
    expect(await host.forge.head(host.repository, 'release/1#0')).toEqual({ is: 'found', commit });
    expect(host.server.asked.map(({ url }) => url)).toEqual([kind.head('release/1%230')]);
    expect(host.server.asked[0] && tokenIn(kind, host.server.asked[0])).toBe(kind.token[1]);
  });

  test('says that a branch or a repository is not there', async () => {
    await using host = await stand(kind, () => undefined, false);
    expect(await host.forge.head(host.repository, 'main')).toEqual({ is: 'gone' });
    expect(await host.forge.branches(host.repository)).toEqual({ is: 'absent' });
    expect(await host.forge.pushedToday(host.repository)).toEqual({ is: 'absent' });
    expect(await host.forge.currentName(host.repository)).toBeUndefined();
    expect(host.server.asked.every((asked) => tokenIn(kind, asked) === undefined)).toBe(true);
  });

  test('is asked for all branches, page by page, whatever it calls itself', async () => {
    const all = Array.from({ length: 230 }, (_, n) => ({
      ...main,
      name: `b/${n}`,
      commit: String(n).padStart(40, '0'),
    }));
    await using host = await stand(kind, (asked) =>
      kind.isList(asked) ? kind.page(all, asked, 'https://git.example.com') : undefined,
    );
    const listed = await host.forge.branches(host.repository);
    expect(listed.is === 'found' && [...listed.value]).toEqual(all.map(({ name, commit }) => [name, commit]));
    expect(host.server.asked.every((asked) => tokenIn(kind, asked) === kind.token[1])).toBe(true);
  });

  test('is not believed that a list has no end', async () => {
    const all = Array.from({ length: 20_000 }, (_, n) => ({ ...main, name: `b${n}` }));
    await using host = await stand(kind, (asked) => kind.page(all, asked, 'https://git.example.com'));
    await expect(host.forge.branches(host.repository)).rejects.toMatchObject({ code: 'source/too-long' });
  });

  test('tells the branches that were pushed in the last day', async () => {
    const old = new Date(Date.now() - 25 * 3_600_000).toISOString();
    const body = kind.pushes([main, { name: 'old', commit: 'd'.repeat(40), pushedAt: old }]);
    await using host = await stand(kind, () => ({ body }));
    const pushed = await host.forge.pushedToday(host.repository);
    // GitHub is asked for the last day itself.
    const told = pushed.is === 'found' ? pushed.value.filter(({ branch }) => branch === 'main') : [];
    expect(told).toEqual([{ branch: 'main', commit }]);
    const whole = pushed.is === 'found' && pushed.value.length;
    expect(whole).toBe(kind.kind === 'github' ? 2 : 1);
    if (kind.kind === 'github') expect(host.server.asked[0]?.url).toContain('time_period=day');
  });

  test('leads from the old name of a repository to the new one', async () => {
    const moved = kind.repository.replace(/web$/, 'shop');
    await using host = await stand(kind, ({ url }) =>
      url === kind.repository
        ? { status: 301, headers: { location: moved } }
        : url === moved
          ? { body: kind.named(kind.owner, 'shop') }
          : undefined,
    );
    expect(await host.forge.currentName(host.repository)).toBe(`${kind.owner}/shop`);
    expect(host.server.asked[1] && tokenIn(kind, host.server.asked[1])).toBe(kind.token[1]);
  });

  test('is asked again after a rate limit that passes, and given up where it does not', async () => {
    const answers: Answer[] = [
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 503, headers: { 'retry-after': '0' } },
      { body: kind.branch(main) },
    ];
    await using host = await stand(kind, () => answers.shift());
    expect(await host.forge.head(host.repository, 'main')).toEqual({ is: 'found', commit });

    await using busy = await stand(kind, () => ({ status: 429, headers: { 'retry-after': '3600' } }));
    const limited = { code: 'source/rate-limited', temporary: true };
    await expect(busy.forge.head(busy.repository, 'main')).rejects.toMatchObject(limited);
    expect(busy.server.asked).toHaveLength(1);
  });

  test('that does not take the token is no host without a branch', async () => {
    await using host = await stand(kind, () => ({ status: 401, body: { message: 'Unauthorized' } }));
    const reading = host.forge.head(host.repository, 'main');
    const refused = { code: 'source/refused', temporary: false, message: expect.stringContaining('token') };
    await expect(reading).rejects.toMatchObject(refused);
  });

  test('that answers something else than its documentation says is not believed', async () => {
    await using host = await stand(kind, () => ({ body: { hello: 'world' } }));
    const wrong = { code: 'source/refused' };
    await expect(host.forge.head(host.repository, 'main')).rejects.toMatchObject(wrong);
    await expect(host.forge.branches(host.repository)).rejects.toMatchObject(wrong);
  });

  test('gives the files of a commit, from wherever it keeps archives; the token stays with it', async () => {
    const bytes = await archive();
    await using storage = await hostServer(() => ({ body: bytes }));
    await using host = await stand(kind, ({ url }) =>
      url === kind.archive(commit)
        ? { status: 302, headers: { location: `${storage.url}/kept?signature=x` } }
        : undefined,
    );
    const directory = await mkdtemp(join(tmpdir(), 'fairlead-forge-'));
    try {
      await host.forge.download(host.repository, commit, directory);
      expect(await readdir(directory)).toEqual(['Dockerfile']);
      expect(host.server.asked[0] && tokenIn(kind, host.server.asked[0])).toBe(kind.token[1]);
      expect(JSON.stringify(storage.asked)).not.toContain('t0ken');
      expect(host.forge.archiveUrl(host.repository, commit)).toBe(
        `${host.server.url}${kind.archive(commit)}`,
      );
      const gone = host.forge.download(host.repository, 'd'.repeat(40), directory);
      await expect(gone).rejects.toMatchObject({ code: 'source/no-commit' });
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('is told what became of a commit', async () => {
    await using host = await stand(kind, ({ url }) =>
      url === kind.status(commit) ? { status: 201, body: {} } : undefined,
    );
    const states = ['pending', 'success', 'failure', 'error'] as const;
    const description = `live\n${'x'.repeat(400)}`;
    for (const state of states) {
      const status: CommitStatus = { state, description, targetUrl: 'http://web.test/' };
      await host.forge.setStatus(host.repository, commit, status);
    }
    const sent = host.server.asked.map(({ body }) => JSON.parse(body) as Record<string, string>);
    expect(sent.map(({ state }) => state)).toEqual(kind.states);
    for (const body of sent) {
      expect(body.description).toMatch(/^live x+…$/);
      expect(body.description?.length).toBeLessThanOrEqual(255);
      expect(Object.values(body)).toEqual(expect.arrayContaining(['fairlead', 'http://web.test/']));
    }
    expect(host.server.asked.every(({ method }) => method === 'POST')).toBe(true);
    await host.forge.setStatus(host.repository, commit, { state: 'pending', description: '' });
    const unknown = host.forge.setStatus(host.repository, 'd'.repeat(40), {
      state: 'pending',
      description: '',
    });
    await expect(unknown).rejects.toMatchObject({ code: 'source/refused' });
  });
});

describe('what is special', () => {
  const of = (name: Kind['kind']) => KINDS.find(({ kind }) => kind === name) as Kind;

  test('GitLab: a status that is there already in that state is as good as set', async () => {
    const message =
      'Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition)';
    await using host = await stand(of('gitlab'), () => ({ status: 400, body: { message } }));
    await host.forge.setStatus(host.repository, commit, { state: 'pending', description: 'x' });
    await using other = await stand(of('gitlab'), () => ({
      status: 400,
      body: { message: { name: ['is bad'] } },
    }));
    const setting = other.forge.setStatus(other.repository, commit, { state: 'pending', description: 'x' });
    const why = expect.stringContaining('{"name":["is bad"]}');
    await expect(setting).rejects.toMatchObject({ code: 'source/refused', message: why });
  });

  test('GitLab: an older one that numbers its pages is read whole, too', async () => {
    const all = Array.from({ length: 130 }, (_, n) => ({ ...main, name: `b${n}` }));
    await using host = await stand(of('gitlab'), ({ url }) => {
      const page = Number(new URL(url, 'http://h').searchParams.get('page') ?? 1);
      const link = `<http://h/api/v4/projects/7/repository/branches?page=${page + 1}&per_page=100>; rel="next"`;
      const body = all.slice((page - 1) * 100, page * 100).map(of('gitlab').branch);
      return { body, ...(page === 1 && { headers: { link } }) };
    });
    const listed = await host.forge.branches(host.repository);
    expect(listed.is === 'found' && listed.value.size).toBe(130);
  });

  test('GitLab: a rate limit that says when it ends is waited for', async () => {
    const reset = String(Math.round(Date.now() / 1000) + 7200);
    const headers = { 'ratelimit-remaining': '0', 'ratelimit-reset': reset };
    await using host = await stand(of('gitlab'), () => ({ status: 429, headers }));
    const limited = { code: 'source/rate-limited' };
    await expect(host.forge.head(host.repository, 'main')).rejects.toMatchObject(limited);
    expect(host.server.asked).toHaveLength(1);
  });

  test('Bitbucket: a person’s API token goes with their address', async () => {
    await using server = await hostServer(() => ({ body: of('bitbucket').branch(main) }));
    const token = async () => 'ada@acme.test:s3cret';
    const forge = forgeOf('bitbucket', { apiUrl: `${server.url}/2.0`, token });
    await forge.head({ owner: 'acme', name: 'web' }, 'main');
    expect(server.asked[0]?.headers.authorization).toBe(`Basic ${btoa('ada@acme.test:s3cret')}`);
  });

  test('Bitbucket: a status leads to the commit where there is nothing else to lead to', async () => {
    await using host = await stand(of('bitbucket'), () => ({ status: 201 }));
    await host.forge.setStatus(host.repository, commit, { state: 'failure', description: 'x' });
    const { url } = JSON.parse(host.server.asked[0]?.body ?? '') as { url: string };
    expect(url).toBe(`${host.server.url}/acme/web/commits/${commit}`);
  });

  const page = { headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from('<html>Log in') };
  test.each<[string, Answer | undefined]>([
    ['leads others to a page', page],
    ['hides it from others', undefined],
  ])('Bitbucket: a site that takes tokens as git shows them, and %s, gives its archives', async (_, no) => {
    const bytes = await archive();
    const asGit = `Basic ${btoa('x-token-auth:t0ken')}`;
    await using host = await stand(of('bitbucket'), ({ headers }) =>
      headers.authorization === asGit ? { body: bytes } : no,
    );
    const directory = await mkdtemp(join(tmpdir(), 'fairlead-forge-'));
    try {
      await host.forge.download(host.repository, commit, directory);
      expect(await readdir(directory)).toEqual(['Dockerfile']);
      await using closed = await stand(of('bitbucket'), () => page);
      const refused = {
        code: 'source/refused',
        temporary: false,
        message: expect.stringContaining('a page'),
      };
      await expect(closed.forge.download(host.repository, commit, directory)).rejects.toMatchObject(refused);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('Bitbucket: archives are on its site, not beside its API', () => {
    const forge = forgeOf('bitbucket', { apiUrl: 'https://api.bitbucket.org/2.0' });
    const url = forge.archiveUrl({ owner: 'acme', name: 'web' }, commit);
    expect(url).toBe(`https://bitbucket.org/acme/web/get/${commit}.tar.gz`);
  });

  test('a host that the installation does not have is named', () => {
    expect(() => forgeOf('gitea', undefined)).toThrow(/Gitea/);
  });
});

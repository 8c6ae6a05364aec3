import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { commit, git, head, hostForTests } from './host.ts';

describe('the REST API', () => {
  const { url, api, host, workingCopy } = hostForTests();
  let tip: string;
  let tag: string;

  beforeAll(async () => {
    const work = await workingCopy();
    tip = await commit(work, { Dockerfile: 'FROM scratch\n', 'name with ü': 'x' }, 'Second');
    await git(work, 'tag', '-a', 'v1', '-m', 'One');
    tag = await head(work, 'v1^{tag}');
    await git(work, 'push', '-q', `${url()}/app.git`, 'main', 'main:feature/x', 'v1');
    await host().repository('empty');
  });

  const get = async (path: string) => {
    const response = await api(path, { headers: { authorization: 'Bearer whatever' } });
    return { status: response.status, body: await response.json() };
  };

  test('a ref, of a branch or a tag', async () => {
    const { body } = await get('app/git/ref/heads/main');
    expect(body).toMatchObject({ ref: 'refs/heads/main', object: { sha: tip, type: 'commit' } });
    expect((await get('app/git/ref/heads/feature/x')).body).toMatchObject({ object: { sha: tip } });
    expect((await get('app/git/ref/tags/v1')).body).toMatchObject({ object: { sha: tag, type: 'tag' } });
  });

  test.each([
    'app/git/ref/heads/none',
    'app/git/ref/heads/feature',
    'app/git/ref/heads/-x',
    'app/git/ref/heads/..%2F..%2Fx',
    'empty/git/ref/heads/main',
    'nothing/git/ref/heads/main',
    'BAD/git/ref/heads/main',
    'app/nonsense',
    'empty/tarball/main',
    'app/tarball/none',
    `app/tarball/${'1'.repeat(40)}`,
    'app/tarball/--output=x',
  ])('%s is not found', async (path) => {
    expect(await get(path)).toEqual({ status: 404, body: { message: 'Not Found', status: '404' } });
  });

  test('another owner has nothing here', async () => {
    expect((await fetch(`${url()}/api/v3/repos/octocat/app`)).status).toBe(404);
  });

  test('the repository, its branches, a commit', async () => {
    expect((await get('app')).body).toMatchObject({ full_name: 'local/app', default_branch: 'main' });
    expect((await get('app/branches')).body).toMatchObject([
      { name: 'feature/x', commit: { sha: tip } },
      { name: 'main', commit: { sha: tip } },
    ]);
    for (const ref of ['main', tip, tip.slice(0, 8), 'v1', 'heads/main', 'feature/x']) {
      expect((await get(`app/commits/${ref}`)).body).toMatchObject({
        sha: tip,
        commit: { message: 'Second', author: { name: 'Ann Öther' } },
        parents: [{ sha: expect.any(String) }],
      });
    }
    expect((await get('app/commits/none')).status).toBe(422);
    expect((await get('empty/branches')).body).toEqual([]);
  });

  test.each(['sha', 'main', ''])('the tarball of a commit (%s), in one folder', async (ref) => {
    const response = await api(`app/tarball/${ref === 'sha' ? tip : ref}`.replace(/\/$/, ''));
    expect(response.status).toBe(200);
    const bytes = Buffer.from(await response.arrayBuffer());
    const names = execFileSync('tar', ['-tz', '--quoting-style=literal'], { input: bytes }).toString('utf8');
    const folder = `local-app-${tip.slice(0, 7)}/`;
    expect(names.trim().split('\n').sort()).toEqual(
      ['', 'Dockerfile', 'README.md', 'name with ü'].map((name) => folder + name),
    );
  });

  test('statuses of a commit, the newest first', async () => {
    const post = (sha: string, body: unknown) =>
      api(`app/statuses/${sha}`, { method: 'POST', body: JSON.stringify(body) });
    const pending = await post(tip, { state: 'pending', context: 'fairlead', description: 'building' });
    expect(pending.status).toBe(201);
    await post(tip, { state: 'success', context: 'fairlead', target_url: 'http://x' });
    expect((await get(`app/commits/${tip}/statuses`)).body).toMatchObject([
      { state: 'success', context: 'fairlead', target_url: 'http://x', description: null },
      { state: 'pending', context: 'fairlead', target_url: null, description: 'building' },
    ]);
    expect((await post(tip, { state: 'great' })).status).toBe(422);
    expect((await post(tip, 'nothing')).status).toBe(422);
    expect((await post('1'.repeat(40), { state: 'success' })).status).toBe(422);
  });
});

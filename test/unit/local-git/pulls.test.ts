import { describe, expect, test } from 'vitest';
import { commit, git, head, hostForTests, remoteLines } from './host.ts';

describe('pull requests', () => {
  const { url, api, hooks, arrived, workingCopy } = hostForTests();

  const call = async (method: string, path: string, body?: unknown, user?: string) => {
    const response = await api(path, {
      method,
      headers: user === undefined ? {} : { authorization: `Bearer ${user}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: the tests look into it freely
    return { status: response.status, body: (await response.json()) as any };
  };
  const eventsSeen = () => hooks.map(({ headers }) => headers['x-github-event']);

  test('of a branch: opened, moved by a push, closed with its branch', async () => {
    const work = await workingCopy();
    const remote = `${url()}/own.git`;
    await git(work, 'push', '-q', remote, 'main', 'main:blue');
    const opened = await call('POST', 'own/pulls', { title: 'Blue', head: 'blue', base: 'main' });
    const first = await head(work);
    expect(opened).toMatchObject({ status: 201, body: { number: 1, state: 'open', head: { sha: first } } });
    expect(opened.body.head.repo.id).toBe(opened.body.base.repo.id);

    const second = await commit(work, { 'a.txt': 'a' }, 'Second');
    await git(work, 'push', '-q', remote, 'main:blue');
    expect((await call('GET', 'own/pulls/1')).body).toMatchObject({ head: { sha: second } });
    const ref = (await call('GET', 'own/git/ref/pull/1/head')).body;
    expect(ref).toMatchObject({ ref: 'refs/pull/1/head', object: { sha: second } });

    await git(work, 'push', '-q', remote, ':blue');
    expect((await call('GET', 'own/pulls/1')).body).toMatchObject({ state: 'closed' });
    const pulls = hooks.filter(({ headers }) => headers['x-github-event'] === 'pull_request');
    expect(pulls.map(({ payload }) => [payload.action, payload.pull_request.head.sha])).toEqual([
      ['opened', first],
      ['synchronize', second],
      ['closed', second],
    ]);
    expect((await call('GET', 'own/pulls')).body).toEqual([]);
    expect((await call('GET', 'own/pulls?state=all&head=local:blue')).body).toHaveLength(1);
    expect((await call('GET', 'own/pulls?state=all&head=local:red')).body).toEqual([]);
  });

  test('of a fork: its commits are reached by the parent’s ref, and its pushes told to nobody', async () => {
    const work = await workingCopy();
    await git(work, 'push', '-q', `${url()}/base.git`, 'main');
    const fork = await call('POST', 'base/forks', { name: 'base-of-bob' });
    expect(fork).toMatchObject({ status: 202, body: { name: 'base-of-bob', fork: true } });
    const stranger = await commit(work, { 'evil.txt': 'x' }, 'Evil');
    hooks.length = 0;
    const said = await git(work, 'push', `${url()}/base-of-bob.git`, 'main');
    expect(remoteLines(said)).toEqual(['base-of-bob is a fork of base: nothing is deployed from it']);
    expect(hooks).toEqual([]);

    const wanted = { title: 'Mine', head: 'main', head_repo: 'base-of-bob', base: 'main' };
    const { body } = await call('POST', 'base/pulls', wanted, 'bob');
    expect(body).toMatchObject({ number: 1, user: { login: 'bob' }, author_association: 'NONE' });
    expect(body.head.repo.id).not.toBe(body.base.repo.id);
    expect((await api(`base/tarball/${stranger}`)).status).toBe(200);
    await arrived(1);
    expect(hooks[0]?.payload).toMatchObject({ action: 'opened', repository: { name: 'base' } });

    const next = await commit(work, { 'evil.txt': 'y' }, 'More');
    await git(work, 'push', '-q', `${url()}/base-of-bob.git`, 'main');
    await arrived(2);
    expect(hooks[1]?.payload).toMatchObject({
      action: 'synchronize',
      pull_request: { head: { sha: next } },
    });
  });

  test('nobody moves the ref of one by a push', async () => {
    const work = await workingCopy();
    await git(work, 'push', '-q', `${url()}/held.git`, 'main');
    await expect(git(work, 'push', `${url()}/held.git`, 'main:refs/pull/1/head')).rejects.toThrow(
      /hidden ref/,
    );
  });

  test('are talked about: comments are told, changed and listed page by page', async () => {
    const work = await workingCopy();
    await git(work, 'push', '-q', `${url()}/talk.git`, 'main', 'main:blue');
    await call('POST', 'talk/pulls', { head: 'blue' });
    await arrived(3);
    await call('POST', 'talk/issues/1/comments', { body: 'hello' }, 'bob');
    await arrived(4);
    expect(eventsSeen().at(-1)).toBe('issue_comment');
    expect(hooks.at(-1)?.payload).toMatchObject({
      action: 'created',
      issue: { number: 1, pull_request: {} },
      comment: { body: 'hello', author_association: 'NONE', user: { login: 'bob' } },
    });
    const { body: own } = await call('POST', 'talk/issues/1/comments', { body: 'hi' });
    expect(own).toMatchObject({ author_association: 'OWNER' });
    await call('PATCH', `talk/issues/comments/${own.id}`, { body: 'hi there' });
    expect((await call('GET', 'talk/issues/1/comments?per_page=1&page=2')).body).toMatchObject([
      { body: 'hi there' },
    ]);
    await call('POST', 'talk/issues/1/labels', { labels: ['preview'] });
    await arrived(6);
    expect(hooks.at(-1)?.payload).toMatchObject({ action: 'labeled', label: { name: 'preview' } });
  });

  test.each([
    ['a branch that is not there', { head: 'none' }],
    ['a repository that is no fork', { head: 'main', head_repo: 'base' }],
    ['nothing', {}],
  ])('of %s are refused', async (_what, body) => {
    const work = await workingCopy();
    await git(work, 'push', '-q', '--force', `${url()}/lone.git`, 'main');
    expect((await call('POST', 'lone/pulls', body)).status).toBe(422);
  });

  test('what was pushed is listed, the newest first', async () => {
    const work = await workingCopy();
    await git(work, 'push', '-q', `${url()}/log.git`, 'main', 'main:blue');
    await git(work, 'push', '-q', `${url()}/log.git`, ':blue');
    const { body } = await call('GET', 'log/activity?time_period=day&per_page=2');
    expect(body).toMatchObject([
      { ref: 'refs/heads/blue', activity_type: 'branch_deletion' },
      { activity_type: 'branch_creation' },
    ]);
  });
});

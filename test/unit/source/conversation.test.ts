import { describe, expect, test } from 'vitest';
import { branches, currentName, pushedToday } from '../../../lib/source/branches.ts';
import { comments, say } from '../../../lib/source/comments.ts';
import { GitHub } from '../../../lib/source/github.ts';
import { openPulls, pull } from '../../../lib/source/pulls.ts';
import { commit, git, hostForTests } from '../local-git/host.ts';

/** The client against the local git host, which knows nothing of it. */
describe('a git host', () => {
  const { url, api: raw, workingCopy } = hostForTests();
  const api = () => ({ baseUrl: `${url()}/api/v3` });
  const repository = (name: string) => ({ owner: 'local', name });
  const post = async (path: string, body: unknown, user = 'local') =>
    (
      await raw(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${user}` },
        body: JSON.stringify(body),
      })
    ).json();

  test('lists its branches and what was pushed today', async () => {
    const work = await workingCopy();
    await git(work, 'push', '-q', `${url()}/listed.git`, 'main', 'main:feature/x');
    const listed = await branches(api(), repository('listed'));
    const heads = listed.is === 'found' ? [...listed.value] : [];
    expect(heads.map(([name]) => name)).toEqual(['feature/x', 'main']);
    const pushed = await pushedToday(api(), repository('listed'));
    expect(pushed).toMatchObject({ is: 'found', value: [{}, {}] });
    expect(pushed.is === 'found' && pushed.value).toContainEqual({
      branch: 'feature/x',
      commit: heads[0]?.[1],
    });
    await git(work, 'push', '-q', `${url()}/listed.git`, ':feature/x');
    expect(await pushedToday(api(), repository('listed'))).toMatchObject({ value: [{}, {}] });
  });

  test('says that a repository is not there, to each question', async () => {
    const none = repository('nothing');
    for (const answer of [
      branches(api(), none),
      currentName(api(), none),
      pushedToday(api(), none),
      openPulls(api(), none),
      pull(api(), none, 1),
      comments(api(), none, 1),
    ])
      expect(await answer).toEqual({ is: 'absent' });
    expect(await say(api(), none, 1, 'hello')).toBe('absent');
  });

  test('more branches than a page has are read whole', async () => {
    const work = await workingCopy();
    const refs = Array.from({ length: 230 }, (_, index) => `main:b${index}`);
    await git(work, 'push', '-q', `${url()}/many.git`, ...refs);
    const listed = await branches(api(), repository('many'));
    expect(listed.is === 'found' && listed.value.size).toBe(230);
  });

  test('tells pull requests of forks from those of branches', async () => {
    const work = await workingCopy();
    await git(work, 'push', '-q', `${url()}/pulled.git`, 'main', 'main:blue');
    await post('pulled/forks', { name: 'pulled-by-bob' });
    const stranger = await commit(work, { 'a.txt': 'a' }, 'Stranger');
    await git(work, 'push', '-q', `${url()}/pulled-by-bob.git`, 'main');
    await post('pulled/pulls', { head: 'blue' });
    await post('pulled/pulls', { head: 'main', head_repo: 'pulled-by-bob' }, 'bob');
    const open = await openPulls(api(), repository('pulled'));
    expect(open).toMatchObject({
      value: [
        { number: 2, head: { from: 'fork', branch: 'main', commit: stranger } },
        { number: 1, head: { from: 'branch', branch: 'blue' } },
      ],
    });
    expect(await openPulls(api(), repository('pulled'), 'blue')).toMatchObject({ value: [{ number: 1 }] });
    expect(await openPulls(api(), repository('pulled'), 'main')).toEqual({ is: 'found', value: [] });

    const gitHub = new GitHub(api());
    expect(await gitHub.headOfFork(repository('pulled'), 2, stranger)).toEqual({
      is: 'found',
      commit: stranger,
    });
    expect(await gitHub.headOfFork(repository('pulled'), 2, '1'.repeat(40))).toEqual({ is: 'gone' });
    await raw('pulled/pulls/2', { method: 'PATCH', body: '{"state":"closed"}' });
    expect(await gitHub.headOfFork(repository('pulled'), 2, stranger)).toEqual({ is: 'gone' });
    expect(await gitHub.headOfFork(repository('pulled'), 3, stranger)).toEqual({ is: 'gone' });
  });

  test('is told something once, in one comment, which is changed', async () => {
    const work = await workingCopy();
    await git(work, 'push', '-q', `${url()}/told.git`, 'main', 'main:blue');
    await post('told/pulls', { head: 'blue' });
    await post('told/issues/1/comments', { body: '<!-- fairlead -->\nI only look like it' }, 'bob');
    expect(await say(api(), repository('told'), 1, 'one')).toBe('written');
    expect(await say(api(), repository('told'), 1, 'one')).toBe('said before');
    expect(await say(api(), repository('told'), 1, 'two')).toBe('written');
    await new GitHub(api()).sayBelow(repository('told'), { branch: 'blue' }, 'three');
    await new GitHub(api()).sayBelow(repository('told'), { branch: 'main' }, 'to nobody');
    const said = await comments(api(), repository('told'), 1);
    expect(said).toMatchObject({
      value: [
        { by: 'bob', association: 'NONE', body: expect.stringContaining('look like it') },
        { association: 'OWNER', body: '<!-- fairlead -->\nthree' },
      ],
    });
  });
});

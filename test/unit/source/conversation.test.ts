import { describe, expect, test } from 'vitest';
import { GitHub } from '../../../lib/source/github/github.ts';
import { headOfFork, sayBelow } from '../../../lib/source/pulls.ts';
import { commit, git, hostForTests } from '../local-git/host.ts';

/** The client against the local git host, which knows nothing of it. */
describe('a git host', () => {
  const { url, api: raw, workingCopy } = hostForTests();
  const gitHub = () => new GitHub({ apiUrl: `${url()}/api/v3` });
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
    const listed = await gitHub().branches(repository('listed'));
    const heads = listed.is === 'found' ? [...listed.value] : [];
    expect(heads.map(([name]) => name)).toEqual(['feature/x', 'main']);
    const pushed = await gitHub().pushedToday(repository('listed'));
    expect(pushed).toMatchObject({ is: 'found', value: [{}, {}] });
    expect(pushed.is === 'found' && pushed.value).toContainEqual({
      branch: 'feature/x',
      commit: heads[0]?.[1],
    });
    await git(work, 'push', '-q', `${url()}/listed.git`, ':feature/x');
    expect(await gitHub().pushedToday(repository('listed'))).toMatchObject({ value: [{}, {}] });
  });

  test('says that a repository is not there, to each question', async () => {
    const none = repository('nothing');
    for (const answer of [
      gitHub().branches(none),
      gitHub().pushedToday(none),
      gitHub().pulls.open(none),
      gitHub().pulls.one(none, 1),
      gitHub().pulls.comments(none, 1),
    ])
      expect(await answer).toEqual({ is: 'absent' });
    expect(await gitHub().currentName(none)).toBeUndefined();
    expect(await gitHub().pulls.say(none, 1, 'hello')).toBe('absent');
  });

  test('more branches than a page has are read whole', async () => {
    const work = await workingCopy();
    const refs = Array.from({ length: 230 }, (_, index) => `main:b${index}`);
    await git(work, 'push', '-q', `${url()}/many.git`, ...refs);
    const listed = await gitHub().branches(repository('many'));
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
    const open = await gitHub().pulls.open(repository('pulled'));
    expect(open).toMatchObject({
      value: [
        { number: 2, head: { from: 'fork', branch: 'main', commit: stranger } },
        { number: 1, head: { from: 'branch', branch: 'blue' } },
      ],
    });
    expect(await gitHub().pulls.open(repository('pulled'), 'blue')).toMatchObject({ value: [{ number: 1 }] });
    expect(await gitHub().pulls.open(repository('pulled'), 'main')).toEqual({ is: 'found', value: [] });

    expect(await headOfFork(gitHub(), repository('pulled'), 2, stranger)).toEqual({
      is: 'found',
      commit: stranger,
    });
    expect(await headOfFork(gitHub(), repository('pulled'), 2, '1'.repeat(40))).toEqual({ is: 'gone' });
    await raw('pulled/pulls/2', { method: 'PATCH', body: '{"state":"closed"}' });
    expect(await headOfFork(gitHub(), repository('pulled'), 2, stranger)).toEqual({ is: 'gone' });
    expect(await headOfFork(gitHub(), repository('pulled'), 3, stranger)).toEqual({ is: 'gone' });
  });

  test('is told something once, in one comment, which is changed', async () => {
    const work = await workingCopy();
    await git(work, 'push', '-q', `${url()}/told.git`, 'main', 'main:blue');
    await post('told/pulls', { head: 'blue' });
    await post('told/issues/1/comments', { body: '<!-- fairlead -->\nI only look like it' }, 'bob');
    expect(await gitHub().pulls.say(repository('told'), 1, 'one')).toBe('written');
    expect(await gitHub().pulls.say(repository('told'), 1, 'one')).toBe('said before');
    expect(await gitHub().pulls.say(repository('told'), 1, 'two')).toBe('written');
    await sayBelow(gitHub(), repository('told'), { branch: 'blue' }, 'three');
    await sayBelow(gitHub(), repository('told'), { branch: 'main' }, 'to nobody');
    expect(await gitHub().pulls.mayPush(repository('told'), 'bob')).toBe(false);
    expect(await gitHub().pulls.mayPush(repository('told'), 'local')).toBe(true);
    expect(await gitHub().pulls.mayPush(repository('none'), 'local')).toBe(false);
    const said = await gitHub().pulls.comments(repository('told'), 1);
    expect(said).toMatchObject({
      value: [
        { by: 'bob', association: 'NONE', body: expect.stringContaining('look like it') },
        { association: 'OWNER', body: '<!-- fairlead -->\nthree' },
      ],
    });
  });
});

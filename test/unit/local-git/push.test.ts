import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { commit, git, head, hostForTests, remoteLines, SECRET } from './host.ts';

const NONE = '0'.repeat(40);

describe('a push', () => {
  // The server may run inside a git hook or alias, whose variables must not lead its own git astray.
  const { url, hooks, workingCopy, pipeline } = hostForTests({
    environment: { PATH: process.env.PATH, GIT_DIR: '/nonexistent', GIT_INDEX_FILE: '/nonexistent' },
  });

  test('makes the repository and is announced as GitHub announces it', async () => {
    const work = await workingCopy();
    await git(work, 'push', `${url()}/first.git`, 'main');
    expect(hooks).toHaveLength(1);
    const [{ headers, text, payload }] = hooks as [(typeof hooks)[number]];
    const after = await head(work);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-github-hook-id': '1',
      'user-agent': expect.stringMatching(/^GitHub-Hookshot\//),
      'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(text).digest('hex')}`,
    });
    expect(payload).toMatchObject({
      ref: 'refs/heads/main',
      before: NONE,
      after,
      created: true,
      deleted: false,
      forced: false,
      repository: {
        name: 'first',
        full_name: 'local/first',
        owner: { login: 'local', name: 'local' },
        clone_url: `${url()}/first.git`,
        default_branch: 'main',
        private: false,
        fork: false,
      },
      pusher: { name: 'local' },
      sender: { login: 'local' },
      head_commit: { id: after, message: 'First', author: { name: 'Ann Öther', email: 'ann@example.com' } },
    });
    expect(payload.commits).toMatchObject([{ id: after, added: ['README.md'], removed: [], modified: [] }]);
  });

  test('tells its commits, oldest first, and what each changed', async () => {
    const work = await workingCopy();
    await git(work, 'push', '-q', `${url()}/commits.git`, 'main');
    const before = await head(work);
    await commit(work, { 'a file': 'a', 'ünï.txt': 'u' }, 'Add two\n\nWith a body.');
    await commit(work, { 'README.md': 'changed\n', 'a file': null }, 'Change and remove');
    await git(work, 'commit', '-q', '--allow-empty', '-m', 'Nothing');
    await git(work, 'push', '-q', `${url()}/commits`, 'main');
    const payload = hooks[1]?.payload;
    expect(payload).toMatchObject({ before, after: await head(work), created: false, forced: false });
    expect(payload.commits).toMatchObject([
      { message: 'Add two\n\nWith a body.', added: ['a file', 'ünï.txt'], removed: [], modified: [] },
      { message: 'Change and remove', added: [], removed: ['a file'], modified: ['README.md'] },
      { message: 'Nothing', added: [], removed: [], modified: [] },
    ]);
    expect(payload.head_commit).toEqual(payload.commits[2]);
    expect(hooks[1]?.payload.repository.id).toBe(hooks[0]?.payload.repository.id);
  });

  test('of more than 20 commits tells the newest 20', async () => {
    const work = await workingCopy();
    for (let n = 0; n < 24; n += 1) await git(work, 'commit', '-q', '--allow-empty', '-m', `n${n}`);
    await git(work, 'push', '-q', `${url()}/many.git`, 'main');
    const messages = hooks[0]?.payload.commits.map(({ message }: { message: string }) => message);
    expect(messages).toEqual(Array.from({ length: 20 }, (_, n) => `n${n + 4}`));
  });

  test('that is forced says so', async () => {
    const work = await workingCopy();
    await commit(work, { x: '1' }, 'Second');
    await git(work, 'push', '-q', `${url()}/forced.git`, 'main');
    await git(work, 'commit', '-q', '--amend', '-m', 'Second, again');
    await expect(git(work, 'push', `${url()}/forced.git`, 'main')).rejects.toThrow(/rejected/);
    expect(hooks).toHaveLength(1);
    await git(work, 'push', '-q', '--force', `${url()}/forced.git`, 'main');
    expect(hooks[1]?.payload).toMatchObject({ forced: true, created: false });
    expect(hooks[1]?.payload.commits).toMatchObject([{ message: 'Second, again' }]);
  });

  test('that deletes a branch, main too, has no commits', async () => {
    const work = await workingCopy();
    await git(work, 'push', '-q', `${url()}/deleted.git`, 'main', 'main:other');
    await git(work, 'push', '-q', `${url()}/deleted.git`, ':other');
    expect(hooks[2]?.payload).toMatchObject({
      ref: 'refs/heads/other',
      deleted: true,
      before: await head(work),
      after: NONE,
      head_commit: null,
      commits: [],
    });
    await git(work, 'push', '-q', `${url()}/deleted.git`, ':main');
    expect(hooks[3]?.payload).toMatchObject({ ref: 'refs/heads/main', deleted: true, after: NONE });
  });

  test('of an annotated tag names the tag object and the commit it ends at', async () => {
    const work = await workingCopy();
    await git(work, 'tag', '-a', 'v1', '-m', 'Version 1');
    await git(work, 'push', '-q', `${url()}/tagged.git`, 'v1');
    expect(hooks[0]?.payload).toMatchObject({
      ref: 'refs/tags/v1',
      after: await head(work, 'v1^{tag}'),
      head_commit: { id: await head(work) },
    });
  });

  test('of three branches at once is three webhooks, told in the order of the refs', async () => {
    const work = await workingCopy();
    pipeline.reply = ({ payload }) => ({
      status: 200,
      body: { status: 'ignored', message: `heard ${payload.ref}` },
    });
    const output = await git(work, 'push', `${url()}/three.git`, 'main:a', 'main:b', 'main:c');
    const refs = ['a', 'b', 'c'].map((name) => `refs/heads/${name}`);
    expect(hooks.map(({ payload }) => payload.ref).sort()).toEqual(refs);
    expect(new Set(hooks.map(({ delivery }) => delivery)).size).toBe(3);
    // Pushed together, each of them brought the commit.
    expect(hooks.map(({ payload }) => payload.commits.length)).toEqual([1, 1, 1]);
    expect(remoteLines(output)).toEqual(refs.map((ref) => `heard ${ref}`));
  });

  test('of a new branch beside an old one tells only what is new', async () => {
    const work = await workingCopy();
    await git(work, 'push', '-q', `${url()}/beside.git`, 'main');
    await commit(work, { y: '1' }, 'New');
    await git(work, 'push', '-q', `${url()}/beside.git`, 'main:topic');
    expect(hooks[1]?.payload.commits).toMatchObject([{ message: 'New' }]);
  });

  test('of 30 MB that do not compress', async () => {
    const work = await workingCopy();
    const bytes = randomBytes(30 * 1024 * 1024);
    const after = await commit(work, { large: bytes }, 'Large');
    await git(work, 'push', '-q', `${url()}/large.git`, 'main');
    expect(hooks[0]?.payload.after).toBe(after);
  });

  test('and others at the same moment do not disturb each other', async () => {
    const works = await Promise.all([workingCopy(), workingCopy(), workingCopy()]);
    const pushes = works.map((work, n) => git(work, 'push', '-q', `${url()}/busy.git`, `main:b${n}`));
    await Promise.all(pushes);
    expect(hooks.map(({ payload }) => payload.ref).sort()).toEqual(
      ['b0', 'b1', 'b2'].map((b) => `refs/heads/${b}`),
    );
    // One branch, two pushers: git lets exactly one of two unrelated histories in.
    const race = works.slice(0, 2).map((work) => git(work, 'push', '-q', `${url()}/race.git`, 'main'));
    const ended = await Promise.allSettled(race);
    const won = ended.filter(({ status }) => status === 'fulfilled').length;
    expect(won).toBe(hooks.length - 3);
    expect(won).toBeGreaterThanOrEqual(1);
  });

  test.each(['Web', 'a_b', '-a', 'a-', '0day', 'a/b', `${'x'.repeat(64)}`, '..%2Fx'])(
    'to %s is refused in words',
    async (name) => {
      const work = await workingCopy();
      await expect(git(work, 'push', `${url()}/${name}.git`, 'main')).rejects.toThrow(
        /remote error: .* cannot be the name of an app: take 1 to 63 of a-z, 0-9 and -/,
      );
      expect(hooks).toHaveLength(0);
    },
  );
});

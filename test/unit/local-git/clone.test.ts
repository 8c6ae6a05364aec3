import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commit, git, head, hostForTests } from './host.ts';

describe('cloning', () => {
  const { url, host, folder, workingCopy } = hostForTests();
  let tip: string;

  beforeAll(async () => {
    const work = await workingCopy();
    for (let n = 0; n < 5; n += 1) tip = await commit(work, { [`f${n}`]: randomBytes(3000) }, `n${n}`);
    await git(work, 'push', '-q', `${url()}/app.git`, 'main', 'main:topic');
  });

  test.each(['0', '1', '2'])('over protocol version %s', async (version) => {
    const target = join(folder(), `clone-${version}`);
    await git(folder(), '-c', `protocol.version=${version}`, 'clone', '-q', `${url()}/app.git`, target);
    expect(await head(target)).toBe(tip);
    expect((await git(target, 'branch', '-r')).trim().split(/\s*\n\s*/)).toContain('origin/topic');
  });

  test('shallow, then deeper, then a fetch of what is new', async () => {
    const target = join(folder(), 'shallow');
    await git(folder(), 'clone', '-q', '--depth', '1', `${url()}/app`, target);
    const count = async () => (await git(target, 'rev-list', '--count', 'HEAD')).trim();
    expect(await count()).toBe('1');
    await git(target, 'fetch', '-q', '--deepen', '2');
    expect(await count()).toBe('3');
    await git(target, 'fetch', '-q', '--unshallow');
    expect(await count()).toBe('6');
  });

  test('without blobs, and a commit by its id', async () => {
    const target = join(folder(), 'partial');
    await git(folder(), 'clone', '-q', '--no-checkout', '--filter=blob:none', `${url()}/app.git`, target);
    await git(target, 'fetch', '-q', 'origin', `${tip}`);
    expect(await git(target, 'count-objects', '-v')).toMatch(/in-pack: 1[0-9]\b/);
  });

  test('with a long list of what is there already, which git sends zipped', async () => {
    const target = join(folder(), 'zipped');
    await git(folder(), 'clone', '-q', `${url()}/app.git`, target);
    for (let n = 0; n < 40; n += 1) await git(target, 'commit', '-q', '--allow-empty', '-m', `own ${n}`);
    const other = await workingCopy();
    await git(other, 'push', '-q', `${url()}/app.git`, 'main:unrelated');
    await git(target, '-c', 'protocol.version=0', 'fetch', '-q');
    expect(await head(target, 'origin/unrelated')).toBe(await head(other));
  });

  test('an empty repository, whose HEAD is main', async () => {
    await host().repository('empty');
    const target = join(folder(), 'empty');
    const output = await git(folder(), 'clone', `${url()}/empty.git`, target);
    expect(output).toMatch(/empty repository/);
    expect(await git(target, 'symbolic-ref', 'HEAD')).toBe('refs/heads/main\n');
  });

  test('what is not there', async () => {
    const clone = git(folder(), 'clone', `${url()}/nothing.git`, join(folder(), 'nothing'));
    await expect(clone).rejects.toThrow(/remote error: There is no repository nothing yet/);
  });
});

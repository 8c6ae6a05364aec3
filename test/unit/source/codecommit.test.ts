import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { gitPassword } from '../../../lib/source/codecommit/password.ts';
import { type Host, REGION, startHost, workOn } from './codecommit-host.ts';

const WEB = { owner: '', name: 'web' };

let host: Host;
let person: Awaited<ReturnType<typeof workOn>>;
beforeEach(async () => {
  host = await startHost();
  person = await workOn(host);
  return () => host.close();
});

const empty = () => mkdtemp(join(host.folder, 'out-'));

describe('the password', () => {
  // What AWS's own git-remote-codecommit makes (its test/git_url_test.py).
  const at = new Date('2017-12-24T11:53:20Z');
  const keys = { accessKeyId: 'access', secretAccessKey: 'secret' };

  test('is the one that AWS’s own program makes', () => {
    const url = new URL('https://git-codecommit.us-west-2.amazonaws.com/v1/repos/test_repo');
    expect(gitPassword(url, 'us-west-2', keys, at)).toBe(
      'access:20171224T115320Zb6df2d758a8023b2f000a546417007b65494f3ce8ad0300fd45fcfa173f1959a',
    );
  });

  test('is another one for another host, and goes with a session’s token', () => {
    const url = new URL('https://land.called.honahlee/v1/repos/test_repo');
    expect(gitPassword(url, 'us-west-2', { ...keys, sessionToken: 'token' }, at)).toBe(
      'access%token:20171224T115320Za14a37a53035bbceb6e1748247b143124fe7326cdffd3d418236a592ce6158a0',
    );
  });
});

describe('heads', () => {
  test('are where git has them; what is not there is gone', async () => {
    const first = await person.push('main');
    await person.git('checkout', '--quiet', '-b', 'feature/a');
    const second = await person.push('feature/a');
    const forge = host.forge();
    expect(await forge.head(WEB, 'main')).toEqual({ is: 'found', commit: first });
    expect(await forge.head(WEB, 'feature/a')).toEqual({ is: 'found', commit: second });
    expect(await forge.head(WEB, 'other')).toEqual({ is: 'gone' });
    expect(await forge.head({ owner: '', name: 'none' }, 'main')).toEqual({ is: 'gone' });
    const all = await forge.branches(WEB);
    expect(all.is === 'found' && Object.fromEntries(all.value)).toEqual({ main: first, 'feature/a': second });
    expect(await forge.branches({ owner: '', name: 'none' })).toEqual({ is: 'absent' });
    expect(await forge.currentName(WEB)).toBe('web');
    expect(await forge.currentName({ owner: '', name: 'none' })).toBeUndefined();
  });

  test('of more branches than a page has are all there', async () => {
    const commit = await person.push('main');
    const names = Array.from({ length: 102 }, (_, at) => `b${at}`);
    await person.git('push', '--quiet', 'origin', ...names.map((name) => `HEAD:refs/heads/${name}`));
    const all = await host.forge().branches(WEB);
    expect(all.is === 'found' && all.value.size).toBe(103);
    expect(all.is === 'found' && all.value.get('b101')).toBe(commit);
  });

  test('are news when they were committed within a day', async () => {
    await person.git('commit', '--quiet', '--allow-empty', '-m', 'old', '--date=2020-01-01T00:00:00Z');
    const now = await person.push('main');
    const old = await person.git('commit-tree', '-m', 'old', 'HEAD^{tree}');
    expect(old).not.toBe(now);
    expect(await host.forge().pushedToday(WEB)).toEqual({
      is: 'found',
      value: [{ branch: 'main', commit: now }],
    });
  });
});

describe('a commit', () => {
  test('comes with its files, modes and links, and says what it lacks', async () => {
    await mkdir(join(host.work, 'src/deep'), { recursive: true });
    await writeFile(join(host.work, 'Dockerfile'), 'FROM scratch\n');
    await writeFile(join(host.work, 'src/deep/run.sh'), '#!/bin/sh\n');
    await chmod(join(host.work, 'src/deep/run.sh'), 0o755);
    await symlink('deep/run.sh', join(host.work, 'src/link'));
    await writeFile(join(host.work, '.gitmodules'), '[submodule "lib"]\n');
    await writeFile(join(host.work, 'binary'), Buffer.from([0, 255, 1, 254]));
    const commit = await person.push('main');
    const directory = await empty();
    expect(await host.forge().download(WEB, commit, directory)).toEqual([
      'submodules are not part of the archive: their folders are empty',
    ]);
    expect((await readdir(directory)).sort()).toEqual(['.gitmodules', 'Dockerfile', 'binary', 'src']);
    expect(await readFile(join(directory, 'binary'))).toEqual(Buffer.from([0, 255, 1, 254]));
    expect((await stat(join(directory, 'src/deep/run.sh'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(directory, 'Dockerfile'))).mode & 0o777).toBe(0o644);
    expect(await readlink(join(directory, 'src/link'))).toBe('deep/run.sh');
    expect(new Set(host.calls.slice(-1).map(({ action, resource }) => `${action} ${resource}`))).toEqual(
      new Set([`GitPull arn:aws:codecommit:${REGION}:000000000000:web`]),
    );
  });

  test('can be had after its branch went on', async () => {
    await writeFile(join(host.work, 'version'), 'one');
    const first = await person.push('main');
    await writeFile(join(host.work, 'version'), 'two');
    await person.push('main');
    const directory = await empty();
    await host.forge().download(WEB, first, directory);
    expect(await readFile(join(directory, 'version'), 'utf8')).toBe('one');
  });

  test('that no branch has any more cannot be had', async () => {
    const lost = await person.push('main');
    await person.git('commit', '--quiet', '--amend', '--allow-empty', '-m', 'another');
    await person.git('push', '--quiet', '--force', 'origin', 'HEAD:main');
    await expect(host.forge().download(WEB, lost, await empty())).rejects.toMatchObject({
      code: 'source/no-commit',
      temporary: false,
    });
  });

  test('is refused to whoever signs with another key, once, with what to do', async () => {
    const commit = await person.push('main');
    const stranger = host.forge({ ...host.keys, secretAccessKey: 'wrong' });
    const before = host.calls.length;
    await expect(stranger.download(WEB, commit, await empty())).rejects.toMatchObject({
      code: 'source/refused',
      temporary: false,
    });
    expect(host.calls.length).toBe(before);
  });

  test('of more than is taken is refused, and nothing of it is left outside', async () => {
    await writeFile(join(host.work, 'large'), Buffer.alloc(100_000, 'x'));
    const commit = await person.push('main');
    const limits = { bytes: 50_000, entries: 10 };
    await expect(host.forge().download(WEB, commit, await empty(), limits)).rejects.toMatchObject({
      code: 'source/too-large',
    });
  });
});

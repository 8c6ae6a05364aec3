import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hostOf } from '../../../../lib/push/hosts.ts';
import { forgeOf } from '../../../../lib/source/forge-of.ts';
import { BITBUCKET } from '../../../../local/git/dialects/bitbucket.ts';
import { GITEA } from '../../../../local/git/dialects/gitea.ts';
import { GITLAB } from '../../../../local/git/dialects/gitlab.ts';
import { git, hostForTests, SECRET } from '../../local-git/host.ts';

const DIALECTS = [
  { kind: 'bitbucket', dialect: BITBUCKET, owner: 'local' },
  { kind: 'gitea', dialect: GITEA, owner: 'local' },
  { kind: 'gitlab', dialect: GITLAB, owner: 'local/apps' },
] as const;

/** The client of each host, and what hears its webhooks, against the local host of that kind, which knows nothing of them. */
describe.each(DIALECTS)('the local $kind', ({ kind, dialect, owner }) => {
  const { url, host, hooks, arrived, workingCopy } = hostForTests({ dialect });
  const forge = () => forgeOf(kind, { apiUrl: host().apiUrl, token: async () => 'any' });
  const repository = (name: string) => ({ owner, name });

  test('shows its branches, their heads, and what was pushed today', async () => {
    const work = await workingCopy();
    const main = (await git(work, 'rev-parse', 'HEAD')).trim();
    const refs = Array.from({ length: 23 }, (_, n) => `main:feature/${n}`);
    await git(work, 'push', '-q', `${url()}/listed.git`, 'main', ...refs);
    const of = repository('listed');
    expect(await forge().head(of, 'feature/7')).toEqual({ is: 'found', commit: main });
    expect(await forge().head(of, 'feature')).toEqual({ is: 'gone' });
    const listed = await forge().branches(of);
    expect(listed.is === 'found' && [...listed.value.keys()].sort()).toEqual(
      ['main', ...Array.from({ length: 23 }, (_, n) => `feature/${n}`)].sort(),
    );
    const pushed = await forge().pushedToday(of);
    expect(pushed.is === 'found' && pushed.value).toContainEqual({ branch: 'feature/7', commit: main });
    expect(await forge().currentName(of)).toBe(`${owner}/listed`);
    expect(await forge().branches(repository('none'))).toEqual({ is: 'absent' });
    expect(await forge().currentName(repository('none'))).toBeUndefined();
  });

  test('gives the files of a commit, and takes statuses, one after the other and twice', async () => {
    const work = await workingCopy();
    const commit = (await git(work, 'rev-parse', 'HEAD')).trim();
    await git(work, 'push', '-q', `${url()}/files.git`, 'main');
    const directory = await mkdtemp(join(tmpdir(), 'fairlead-local-'));
    try {
      await forge().download(repository('files'), commit, directory);
      expect(await readdir(directory)).toEqual(['README.md']);
    } finally {
      await rm(directory, { recursive: true });
    }
    for (const state of ['pending', 'pending', 'failure', 'pending', 'success'] as const)
      await forge().setStatus(repository('files'), commit, { state, description: state });
  });

  test('sends webhooks that are heard: a branch that moved, one that is gone, a tag', async () => {
    const work = await workingCopy();
    const commit = (await git(work, 'rev-parse', 'HEAD')).trim();
    await git(work, 'push', '-q', `${url()}/heard.git`, 'main', 'main:old');
    await git(work, 'push', '-q', `${url()}/heard.git`, 'main:refs/tags/v1', ':old');
    await arrived(4);
    const updates = [];
    for (const { headers, text } of hooks) {
      const told = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
      const by = hostOf(told);
      expect(by?.kind).toBe(kind);
      expect(await by?.signedBy([SECRET], told, text)).toBe(true);
      expect(await by?.signedBy(['another'], told, text)).toBe(false);
      const said = by?.read(told, text);
      if (said?.kind === 'push') updates.push(...said.updates);
    }
    const seen = updates.map(({ ref, after }) => `${ref} ${after}`).sort();
    const none = '0'.repeat(40);
    expect(seen).toEqual(
      [
        `refs/heads/main ${commit}`,
        `refs/heads/old ${commit}`,
        `refs/heads/old ${none}`,
        `refs/tags/v1 ${commit}`,
      ].sort(),
    );
    expect(updates.every((update) => update.owner === owner && update.repository === 'heard')).toBe(true);
    expect(new Set(updates.map(({ delivery }) => delivery)).size).toBe(4);
  });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { App, get } from './harness/app.ts';

const { hosts } = inject('cloud');

interface Status {
  state: string;
  description: string;
  target_url: string | null;
}

/** What a kind of host calls a repository, and the statuses of a commit, on the local one of that kind. */
const KINDS = [
  { kind: 'gitea', path: (app: string) => `/api/v1/repos/local/${app}/commits` },
  { kind: 'gitlab', path: (app: string) => `/api/v4/projects/local%2Fapps%2F${app}/repository/commits` },
  { kind: 'bitbucket', path: (app: string) => `/2.0/repositories/local/${app}/commit` },
];

describe.each(KINDS)('a push to $kind', { timeout: 120_000 }, ({ kind, path }) => {
  const git = hosts[kind] ?? '';
  const name = `from-${kind}`;
  let app: App;
  let commit = '';

  const statuses = async (of: string): Promise<Status[]> => {
    const response = await fetch(`${git}${path(name)}/${of}/statuses`);
    return (await response.json()) as Status[];
  };

  beforeAll(async () => {
    app = await App.create(git, name);
  });
  afterAll(() => app.remove());

  it('is live: heard by its own webhook, read and built from its own API', async () => {
    const pushed = await app.push();
    commit = (await app.git('rev-parse', 'HEAD')).text.trim();
    expect(pushed.lines.at(-1)).toMatch(new RegExp(`^live ${name} ${commit} http://`));
    expect(await get(pushed.rest)).toBe('Hello from Fairlead, version 1');
  });

  it('is shown beside the commit, from pending to live', async () => {
    const shown = await statuses(commit);
    expect(shown.map(({ state }) => state)).toEqual(['success', 'pending']);
    expect(shown[0]?.target_url).toMatch(/^http:\/\//);
  });

  it('that does not compile keeps what was live, and says so beside the commit', async () => {
    const source = await readFile(join(app.directory, 'main.go'), 'utf8');
    const broken = source.replace('Fprintln(w, greeting)', 'Fprintln(w, greting)');
    expect(broken).not.toBe(source);
    const bad = await app.commit({ 'main.go': broken });
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('failed');
    const [newest] = await statuses(bad);
    expect(newest).toMatchObject({ state: 'failure', description: expect.stringContaining('greting') });
  });

  it('of a tag, or that takes a branch away, deploys nothing', async () => {
    await app.git('branch', 'extra', commit);
    const tagged = await app.push(`${commit}:refs/tags/v1`, 'extra');
    expect(tagged.text).toContain('tags are not deployed');
    const gone = await app.push(':extra');
    expect(gone.text).toMatch(/ignored/);
  });

  it('of an app that another host has is refused, with the name of that host', async () => {
    const other = await App.create(hosts.github ?? '', name);
    try {
      const pushed = await other.push();
      expect(pushed.outcome, pushed.text).toBe('failed');
      expect(pushed.text).toMatch(
        new RegExp(`is deployed from local/(apps/)?${name} on (Gitea|GitLab|Bitbucket)`),
      );
    } finally {
      await other.remove();
    }
  });
});

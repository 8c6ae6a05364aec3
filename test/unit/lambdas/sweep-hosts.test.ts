import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Swept } from '../../../lambdas/sweep/round.ts';
import { previewOfBranch, production } from '../../../lib/push/place.ts';
import type { Push } from '../../../lib/push/types.ts';
import { BITBUCKET } from '../../../local/git/dialects/bitbucket.ts';
import { GITEA } from '../../../local/git/dialects/gitea.ts';
import { GITLAB } from '../../../local/git/dialects/gitlab.ts';
import { commit, git, hostForTests } from '../local-git/host.ts';
import { withPreviews } from './installation-file.ts';
import { SweepStage } from './sweep-stage.ts';

const KINDS = [
  { kind: 'bitbucket', owner: 'local', host: hostForTests({ dialect: BITBUCKET }) },
  { kind: 'gitea', owner: 'local', host: hostForTests({ dialect: GITEA }) },
  { kind: 'gitlab', owner: 'local/apps', host: hostForTests({ dialect: GITLAB }) },
] as const;

const stage = new SweepStage();
let sweep: () => Promise<Swept>;

beforeAll(async () => {
  await stage.set(withPreviews({ of: 'branches' }));
  const urls = KINDS.map(({ kind, host }) => [kind, host.host().apiUrl]);
  await new Promise<void>((done) => silentHost.listen(0, '127.0.0.1', done));
  urls.push(['github', `http://127.0.0.1:${(silentHost.address() as AddressInfo).port}`]);
  vi.stubEnv('HOST_API_URLS', JSON.stringify(Object.fromEntries(urls)));
  const { handler } = await import('../../../lambdas/sweep.ts');
  sweep = async () => (await handler({}, { getRemainingTimeInMillis: () => 100_000 })) as Swept;
});
afterAll(async () => {
  silentHost.closeAllConnections();
  silentHost.close();
  await stage.strike();
});

/** Takes what is asked, and never answers. */
const silentHost = createServer(() => {
  askedInVain++;
});
let askedInVain = 0;

/** What its host's webhooks would have told of, had any of them arrived. */
describe.each(KINDS)('the sweep of a repository on $kind', ({ kind, owner, host }) => {
  const app = `swept-${kind}`;
  const origin = { host: kind, owner, repository: app } as const;

  const pushOf = (branch: string, after: string): Push => {
    const placed = branch === 'main' ? { place: production(app) } : previewOfBranch(app, branch);
    if ('refused' in placed) throw new Error(placed.refused);
    const before = '0'.repeat(40);
    const delivery = `d-${app}-${branch}`;
    const told = { ref: `refs/heads/${branch}`, before, after, delivery };
    return { ...origin, ...told, app, branch, environment: placed.place };
  };

  test('brings the head that nobody told of, makes a preview for a new branch, removes one whose branch is gone', async () => {
    const work = await host.workingCopy();
    const first = await commit(work, { 'a.txt': 'a' }, 'First');
    await git(work, 'push', '-q', `${host.url()}/${app}.git`, 'main', 'main:gone');
    await stage.deployed(pushOf('main', first), 'live');
    await stage.deployed(pushOf('gone', first), 'live');
    const second = await commit(work, { 'a.txt': 'b' }, 'Second');
    await git(work, 'push', '-q', `${host.url()}/${app}.git`, 'main', 'main:fresh', ':gone');

    await sweep();
    const started = stage.started.filter((request) => 'app' in request && request.app === app);
    expect(started).toHaveLength(3);
    expect(started).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ do: 'deploy', ...origin, branch: 'main', before: first, after: second }),
        expect.objectContaining({ do: 'deploy', ...origin, branch: 'fresh', after: second }),
        expect.objectContaining({ do: 'remove', reason: 'the branch gone was deleted' }),
      ]),
    );
    await sweep();
    expect(stage.started.filter((request) => 'app' in request && request.app === app)).toHaveLength(3);
  });
});

test('a repository whose host the installation has no more keeps no other from being swept', async () => {
  const app = 'lost';
  const push: Push = {
    ...{ host: 'codecommit', owner: '', repository: app, app, branch: 'main', ref: 'refs/heads/main' },
    ...{ before: '0'.repeat(40), after: 'a'.repeat(40), delivery: 'd', environment: production(app) },
  };
  await stage.deployed(push, 'live');
  const swept = await sweep();
  expect(swept.unseen).toEqual(['codecommit/lost']);
});

test('a host that does not answer keeps the others from nothing, however many repositories it has', async () => {
  const origins = Array.from({ length: 10 }, (_, n) => `silent-${n}`);
  for (const app of origins) {
    const push: Push = {
      ...{ host: 'github', owner: 'acme', repository: app, app, branch: 'main', ref: 'refs/heads/main' },
      ...{ before: '0'.repeat(40), after: 'a'.repeat(40), delivery: app, environment: production(app) },
    };
    await stage.deployed(push, 'live');
  }
  const gitea = KINDS[1];
  const work = await gitea.host.workingCopy();
  const first = await commit(work, { 'b.txt': 'a' }, 'First');
  await git(work, 'push', '-q', `${gitea.host.url()}/beside.git`, 'main');
  const origin = { host: 'gitea', owner: 'local', repository: 'beside', app: 'beside' } as const;
  const moved = { before: '0'.repeat(40), after: 'b'.repeat(40), delivery: 'beside' };
  const ref = { branch: 'main', ref: 'refs/heads/main', environment: production('beside') };
  await stage.deployed({ ...origin, ...ref, ...moved }, 'live');
  const round = await import('../../../lambdas/sweep/round.ts');
  const swept = await round.sweep({ toLook: () => true, toStart: () => true }, 8_000);
  expect(swept.unseen.filter((name) => name.startsWith('github/acme/silent-'))).toHaveLength(10);
  // As many as are looked at side by side; the others are not asked about.
  expect(askedInVain).toBeLessThanOrEqual(4);
  expect(swept.deployed).toContain('beside/production');
  expect(stage.started).toContainEqual(expect.objectContaining({ app: 'beside', after: first }));
});

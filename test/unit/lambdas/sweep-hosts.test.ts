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
  vi.stubEnv('HOST_API_URLS', JSON.stringify(Object.fromEntries(urls)));
  const { handler } = await import('../../../lambdas/sweep.ts');
  sweep = async () => (await handler({}, { getRemainingTimeInMillis: () => 100_000 })) as Swept;
});
afterAll(() => stage.strike());

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
  expect(swept.unseen).toEqual(['codecommit//lost']);
});

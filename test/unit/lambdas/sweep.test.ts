import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Looked } from '../../../lambdas/sweep/look-at-pull.ts';
import type { Swept } from '../../../lambdas/sweep/round.ts';
import { previewOfBranch, previewOfPull, production } from '../../../lib/push/place.ts';
import type { LookAtPull } from '../../../lib/push/request.ts';
import type { Push } from '../../../lib/push/types.ts';
import { wordFor } from '../../../lib/push/word.ts';
import { withPreviews } from './installation-file.ts';
import { SweepStage } from './sweep-stage.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const C = 'c'.repeat(40);
const HOUR = 3_600_000;
const stage = new SweepStage();
let handler: (event: LookAtPull | object, context: object) => Promise<Swept | Looked>;
let app = '';
let count = 0;

beforeAll(async () => {
  await stage.set(withPreviews({ of: 'branches', ttl: 3 * 24 * 3600 }));
  ({ handler } = (await import('../../../lambdas/sweep.ts')) as unknown as { handler: typeof handler });
});
afterAll(() => stage.strike());
beforeEach(() => {
  app = `web-${++count}`;
});
afterEach(async () => {
  vi.useRealTimers();
  stage.clear();
  for (const { app: old, name } of await stage.ledger.environments())
    await stage.ledger.forget({ app: old, name }, 1000);
});

const time = { getRemainingTimeInMillis: () => 100_000 };
const sweep = async () => (await handler({}, time)) as Swept;
const repository = () => stage.repository(app);

function push(branch: string, after: string, change: Partial<Push> = {}): Push {
  const placed = branch === 'main' ? { place: production(app) } : previewOfBranch(app, branch);
  if ('refused' in placed) throw new Error(placed.refused);
  return {
    host: 'github',
    owner: 'acme',
    repository: app,
    ref: `refs/heads/${branch}`,
    before: '0'.repeat(40),
    after,
    delivery: `d-${app}-${branch}-${after.slice(0, 4)}`,
    app,
    branch,
    environment: placed.place,
    ...change,
  };
}

function forkPush(number: number, after: string): Push {
  const placed = previewOfPull(app, number);
  if ('refused' in placed) throw new Error(placed.refused);
  const branch = `pull/${number}/head`;
  const fork = { approvedBy: 'ann' };
  return push('x', after, {
    ref: `refs/${branch}`,
    branch,
    environment: placed.place,
    pullRequest: number,
    fork,
  });
}

describe('a push whose webhook was lost', () => {
  test('is deployed, once however many rounds look at once', async () => {
    await stage.deployed(push('main', A), 'live');
    repository().branches.set('main', B);
    await Promise.all([sweep(), sweep(), sweep()]);
    expect(stage.started).toMatchObject([
      {
        do: 'deploy',
        app,
        branch: 'main',
        before: A,
        after: B,
        environment: { name: 'production' },
        delivery: expect.stringMatching(/^sweep-[0-9a-f]{32}$/),
      },
    ]);
  });

  test('of a commit that is on record as bad is left', async () => {
    await stage.deployed(push('main', A), 'live');
    await stage.deployed(push('main', B), 'bad');
    repository().branches.set('main', B);
    vi.useFakeTimers({ now: Date.now() + 2 * HOUR, toFake: ['Date'] });
    expect(await sweep()).toMatchObject({ environments: 1, deployed: [] });
  });

  test('of a new branch makes its preview; a branch that nobody pushed to today gets none', async () => {
    await stage.deployed(push('main', A), 'live');
    for (const branch of ['main', 'new', 'old', 'moved']) repository().branches.set(branch, A);
    repository().pushed.push({ branch: 'new', commit: A }, { branch: 'moved', commit: B });
    await sweep();
    expect(stage.started).toMatchObject([
      { do: 'deploy', branch: 'new', environment: { name: 'preview-new' } },
    ]);
  });

  test('is not taken up while somebody is at work, or right after they failed by nobody’s fault', async () => {
    await stage.deployed(push('main', A), 'dies');
    await stage.deployed(push('blue', A), 'fails');
    repository().branches.set('main', B).set('blue', A);
    expect(await sweep()).toMatchObject({ environments: 2, deployed: [], removed: [] });
    vi.useFakeTimers({ now: Date.now() + HOUR, toFake: ['Date'] });
    expect((await sweep()).deployed.sort()).toEqual([`${app}/preview-blue`, `${app}/production`]);
  });
});

describe('an execution that died', () => {
  test('is taken up when its claim has run out', async () => {
    await stage.deployed(push('main', A), 'dies', Date.now() - HOUR);
    repository().branches.set('main', A);
    expect(await sweep()).toMatchObject({ deployed: [`${app}/production`] });
  });

  test('on a commit that is live as well', async () => {
    await stage.deployed(push('main', A), 'live', Date.now() - 3 * HOUR);
    await stage.deployed(push('main', B), 'dies', Date.now() - 2 * HOUR);
    repository().branches.set('main', A);
    expect(await sweep()).toMatchObject({ deployed: [`${app}/production`] });
  });
});

describe('a preview', () => {
  test('whose branch was deleted is removed, unless the branch comes back; production is not', async () => {
    await stage.deployed(push('main', A), 'live');
    await stage.deployed(push('blue', A), 'live');
    repository().branches.set('other', A);
    await sweep();
    expect(stage.started).toMatchObject([
      {
        do: 'remove',
        app,
        environment: { name: 'preview-blue', namespace: `${app}--blue` },
        reason: 'the branch blue was deleted',
        unless: { branch: 'blue' },
        whileFence: 1,
      },
    ]);
  });

  test('past its time to live is removed though its branch is there, and stays so', async () => {
    await stage.deployed(push('main', A), 'live');
    await stage.deployed(push('blue', A), 'live', Date.now() - 73 * HOUR);
    repository().branches.set('main', A).set('blue', A);
    await sweep();
    expect(stage.started).toMatchObject([{ do: 'remove', reason: 'nothing was pushed to it for 3 days' }]);
    expect(stage.started[0]).not.toHaveProperty('unless');
    const environment = { app, name: 'preview-blue' };
    const removal = await stage.ledger.remove(
      environment,
      { execution: 'r', delivery: 'r' },
      async () => false,
    );
    if (removal.is !== 'claimed') throw new Error(removal.is);
    await stage.ledger.settle(environment, { fence: removal.fence, runs: 'nothing' });
    await stage.ledger.forget(environment, removal.fence);
    stage.started.length = 0;
    repository().pushed.push({ branch: 'blue', commit: A });
    await sweep();
    expect(stage.started).toEqual([]);
    repository().branches.set('blue', B);
    repository().pushed.push({ branch: 'blue', commit: B });
    await sweep();
    expect(stage.started).toMatchObject([{ do: 'deploy', after: B }]);
  });

  test.each([404, 500, 401])(
    'is never removed because the host answers %i',
    async (fault) => {
      await stage.deployed(push('blue', A), 'live');
      repository().fault = fault;
      expect(await sweep()).toMatchObject({ removed: [], unseen: [`github/acme/${app}`] });
    },
    60_000,
  );

  test('is not removed by a round that another repository’s trouble holds up', async () => {
    await stage.deployed(push('blue', A), 'live');
    app = `${app}-b`;
    await stage.deployed(push('blue', A), 'live');
    repository().branches.set('main', A);
    // The first repository is not there at all.
    expect(await sweep()).toMatchObject({ removed: [`${app}/preview-blue`] });
  });
});

describe('200 environments', () => {
  test('are looked at with a few requests, and brought up to date over some rounds', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `b${index}`);
    for (let from = 0; from < names.length; from += 25)
      await Promise.all(names.slice(from, from + 25).map((name) => stage.deployed(push(name, A), 'live')));
    for (const name of names) repository().branches.set(name, name.endsWith('7') ? B : A);
    const first = await sweep();
    expect(first).toMatchObject({ environments: 200, left: 0 });
    expect(first.deployed).toHaveLength(20);
    expect(repository().requests).toBeLessThan(8);
    for (const name of names) repository().branches.set(name, C);
    const rounds = [await sweep(), await sweep()];
    expect(rounds.map(({ deployed, left }) => [deployed.length, left])).toEqual([
      [25, 175],
      [25, 150],
    ]);
  }, 180_000);
});

describe('a fork', () => {
  const look = async (number: number, word?: LookAtPull['word']) =>
    (await handler(
      {
        do: 'look-at-pull',
        host: 'github',
        owner: 'acme',
        repository: app,
        number,
        delivery: `d-${app}-${number}`,
        ...(word && { word }),
      },
      time,
    )) as Looked;

  test('waits, and says for whom, once', async () => {
    const pull = repository().pull(7, true, 'main', A);
    expect(await look(7)).toBe('waits');
    expect(await look(7)).toBe('waits');
    expect(stage.started).toEqual([]);
    expect(pull.comments).toHaveLength(1);
    expect(pull.comments[0]?.body).toContain(wordFor(A));
    expect(repository().statuses).toEqual([
      expect.objectContaining({
        commit: A,
        state: 'pending',
        description: expect.stringContaining(wordFor(A)),
      }),
    ]);
  });

  test('is built at the commit that the word names', async () => {
    const pull = repository().pull(7, true, 'main', A);
    stage.comment(pull, wordFor(A));
    expect(await look(7, { commit: A, by: 'ann' })).toBe('deployed');
    expect(stage.started).toEqual([
      {
        do: 'deploy',
        ...forkPush(7, A),
        delivery: `d-${app}-7`,
      },
    ]);
  });

  test('is not built at a word that the event tells of, and the conversation does not', async () => {
    const pull = repository().pull(7, true, 'main', A);
    expect(await look(7, { commit: A, by: 'ann' })).toBe('waits');
    stage.comment(pull, wordFor(A), 'CONTRIBUTOR', 'mallory');
    expect(await look(7, { commit: A, by: 'ann' })).toBe('waits');
    expect(stage.started).toEqual([]);
    expect(pull.comments[0]?.body).toMatch(/^<!-- fairlead -->\nThis pull request comes from a fork/);
  });

  test('is built at a word from the command line', async () => {
    repository().pull(7, true, 'main', A);
    expect(await look(7, { commit: A, by: 'ann', from: 'command line' })).toBe('deployed');
    expect(stage.started).toMatchObject([{ pullRequest: 7, after: A, fork: { approvedBy: 'ann' } }]);
  });

  test.each([
    ['that names none', {}],
    ['for the commit before', { commit: B }],
  ])('is not built at a word %s', async (_what, word) => {
    const pull = repository().pull(7, true, 'main', A);
    expect(await look(7, { ...word, by: 'ann' })).toBe('waits');
    expect(stage.started).toEqual([]);
    expect(pull.comments[0]?.body).toMatch(/^<!-- fairlead -->\nann('s word was for| named no commit)/);
  });

  test('is not built when a word was for what it has moved on from, in any order of events', async () => {
    const pull = repository().pull(7, true, 'main', A);
    stage.comment(pull, wordFor(A));
    pull.sha = B;
    expect(await look(7)).toBe('waits');
    expect(await look(7, { commit: A, by: 'ann' })).toBe('waits');
    await stage.deployed(push('main', C), 'live');
    repository().branches.set('main', C);
    await sweep();
    expect(stage.started).toEqual([]);
  });

  test('is built by the sweep when the word was not heard, and only by whose word counts', async () => {
    await stage.deployed(push('main', C), 'live');
    repository().branches.set('main', C);
    const heard = repository().pull(7, true, 'main', A);
    stage.comment(heard, wordFor(A));
    const stranger = repository().pull(8, true, 'main', B);
    stage.comment(stranger, wordFor(B), 'CONTRIBUTOR', 'mallory');
    stage.comment(stranger, `<!-- fairlead -->\n${wordFor(B)}`, 'CONTRIBUTOR', 'mallory');
    await sweep();
    expect(stage.started).toMatchObject([{ pullRequest: 7, after: A, fork: { approvedBy: 'ann' } }]);
    // The stranger's imitation of what Fairlead says is not taken for its own.
    expect(stranger.comments).toHaveLength(3);
  });

  test('is not built at the word of a member who may not push', async () => {
    const pull = repository().pull(7, true, 'main', A);
    stage.comment(pull, wordFor(A), 'MEMBER', 'eve');
    stage.comment(pull, wordFor(A), 'COLLABORATOR', 'eve');
    expect(await look(7, { commit: A, by: 'eve' })).toBe('waits');
    expect(stage.started).toEqual([]);
  });

  test('is built at the word of somebody who may push, and hides what they belong to', async () => {
    const pull = repository().pull(7, true, 'main', A);
    stage.comment(pull, wordFor(A), 'MEMBER', 'eve');
    stage.comment(pull, wordFor(A), 'CONTRIBUTOR', 'ann');
    expect(await look(7)).toBe('deployed');
    expect(stage.started).toMatchObject([{ pullRequest: 7, after: A, fork: { approvedBy: 'ann' } }]);
  });

  test('is told that the token is not shown who may push', async () => {
    const pull = repository().pull(7, true, 'main', A);
    repository().tellsRights = false;
    stage.comment(pull, wordFor(A), 'OWNER', 'ann');
    expect(await look(7, { commit: A, by: 'ann' })).toBe('waits');
    expect(stage.started).toEqual([]);
    expect(pull.comments.at(-1)?.body).toContain('is not shown who may push');
  });

  test('is looked at among few, the newest: strangers open as many as they like', async () => {
    await stage.deployed(push('main', C), 'live');
    repository().branches.set('main', C);
    for (let number = 1; number <= 40; number++) {
      const pull = repository().pull(number, true, 'main', A);
      pull.updatedAt = new Date(Date.now() - 60_000 + number * 1000).toISOString();
    }
    await sweep();
    const told = repository().pulls.filter(({ comments }) => comments.length > 0);
    expect(told.map(({ number }) => number)).toEqual([31, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
  });

  test('keeps what was let in while newer commits wait, and loses it when it is closed', async () => {
    await stage.deployed(forkPush(7, A), 'live');
    repository().branches.set('main', C);
    const pull = repository().pull(7, true, 'main', B);
    await sweep();
    expect(stage.started).toEqual([]);
    pull.state = 'closed';
    await sweep();
    expect(stage.started).toMatchObject([{ do: 'remove', unless: { pullRequest: 7 } }]);
  });

  test('a person asks for a branch’s preview without naming a commit: its authors may push anyway', async () => {
    repository().pull(9, false, 'blue', A);
    expect(await look(9, { by: 'ann' })).toBe('deployed');
    expect(stage.started).toMatchObject([{ branch: 'blue', after: A, pullRequest: 9 }]);
    expect(stage.started[0]).not.toHaveProperty('fork');
  });
});

describe('what cannot be started', () => {
  test('is left to the next round', async () => {
    await stage.deployed(push('main', A), 'live');
    repository().branches.set('main', B);
    stage.startFault = 500;
    expect(await sweep()).toMatchObject({ deployed: [], left: 1 });
    stage.startFault = undefined;
    expect(await sweep()).toMatchObject({ deployed: [`${app}/production`], left: 0 });
  });

  test('what was found is started, though there is no time to look at more', async () => {
    await stage.deployed(push('main', A), 'live');
    repository().branches.set('main', B);
    // Of three minutes, the one repository takes half; after it there is time for starts.
    const left = [90_000];
    const passing = { getRemainingTimeInMillis: () => left.shift() ?? 80_000 };
    expect(await handler({}, passing)).toMatchObject({ deployed: [`${app}/production`], unseen: [] });
    const late = { getRemainingTimeInMillis: () => 80_000 };
    expect(await handler({}, late)).toMatchObject({ deployed: [], unseen: [`github/acme/${app}`] });
  });

  test('not the same repositories are left each time when there is no time for all', async () => {
    const others = [`${app}-a`, `${app}-b`];
    for (const name of others) {
      stage.repository(name).branches.set('main', A);
      await stage.deployed(push('main', A, { app: name, repository: name, delivery: name }), 'live');
    }
    const unseen = async (random: number) => {
      vi.spyOn(Math, 'random').mockReturnValue(random);
      const left = [90_000];
      const { unseen: names } = (await handler(
        {},
        { getRemainingTimeInMillis: () => left.shift() ?? 80_000 },
      )) as Swept;
      vi.restoreAllMocks();
      return names;
    };
    const both = [await unseen(0), await unseen(0.99)];
    expect(both.map((names) => names.length)).toEqual([1, 1]);
    expect(both.flat().sort()).toEqual(others.map((name) => `github/acme/${name}`));
  });

  test('nothing new is begun when time runs out', async () => {
    await stage.deployed(push('main', A), 'live');
    repository().branches.set('main', B);
    const swept = (await handler({}, { getRemainingTimeInMillis: () => 1000 })) as Swept;
    expect(swept.deployed).toEqual([]);
  });
});

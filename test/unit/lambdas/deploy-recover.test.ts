import { describe, expect } from 'vitest';
import type { Release } from '../../../lib/release/types.ts';
import type { RolloutAnswer, RolloutRequest } from '../../../lib/rollout/request.ts';
import type { Sighted } from '../../../lib/rollout/survey.ts';
import { NO_BAKE } from './deployed.ts';
import { A, B, eventsOf, test } from './on-stage.ts';
import type { Scene } from './stage.ts';

const source = (repository: string) => ({ host: 'github', owner: 'acme', repository, branch: 'main' });

const sighted = ({ app }: Scene, more: Partial<Sighted> = {}): Sighted => ({
  ...{ app, environment: 'production', namespace: app, fence: 57, source: source(app) },
  ...more,
});

const running = ({ app }: Scene, commit: string): Release => ({
  ...{
    number: 12,
    app,
    environment: 'production',
    namespace: app,
    commit,
    image: `registry/${app}@sha256:12`,
  },
  ...{
    jobs: [],
    resources: [],
    strategy: { kind: 'rolling' },
    bake: NO_BAKE,
    createdAt: '2026-01-01T00:00:00Z',
  },
});

/** Has the roll-out function answer as a cluster in which `environments` were sighted, and `release` runs. */
function clusterHas(scene: Scene, environments: readonly Sighted[], release?: Release): void {
  scene.rollOut = async (request: RolloutRequest) => {
    const asked = request.do as string;
    const answer =
      asked === 'survey'
        ? { state: 'surveyed', survey: { environments, unread: [] } }
        : {
            state: 'recollected',
            recollection: { fence: 57, number: 12, ...(release && { release }), url: 'http://web.test' },
          };
    return answer as unknown as RolloutAnswer;
  };
}

const recover = (scene: Scene) =>
  scene.deploy({ do: 'recover', app: scene.app, delivery: `recover-${scene.app}` });

describe.concurrent('a ledger that is behind its cluster', () => {
  test('fails a push with what to do, and undoes nothing that it did not do', async ({ scene }) => {
    scene.rollOut = async () => ({ state: 'superseded', by: 57 });
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^failed .*npx fairlead recover/);
    expect(scene.rollouts.map(({ do: what }) => what)).toEqual(['apply']);
    expect(eventsOf(run.chapters)).not.toContain('rollback.finished');
    // It was not the commit's fault.
    expect(await scene.ledger.badCommits(scene.environment)).toEqual([]);
  });

  test('is told by a look at what is live, too', async ({ scene }) => {
    await scene.deploy(scene.push(A));
    scene.seen = async () => ({ state: 'superseded', by: 57 });
    const again = { ...scene.push(A), delivery: 'again' };
    expect((await scene.deploy(again)).last).toMatch(/^failed .*npx fairlead recover/);
  });

  test('goes on from the cluster once a person says so: live, owner and list are there again', async ({
    scene,
  }) => {
    scene.repository.head = A;
    clusterHas(scene, [sighted(scene)], running(scene, A));
    await recover(scene);
    expect(await scene.ledger.live(scene.environment)).toMatchObject({
      release: 12,
      commit: A,
      url: 'http://web.test',
    });
    expect((await scene.ledger.newestClaim(scene.environment))?.fence).toBeGreaterThan(57);
    expect(await scene.ledger.listed(scene.environment)).toMatchObject({
      push: { owner: 'acme', branch: 'main' },
    });
    expect(await scene.ledger.badCommits(scene.environment)).toEqual([]);
  });

  test('holds a head that does not run and that nobody remembers: it may have been taken back', async ({
    scene,
  }) => {
    scene.repository.head = B;
    clusterHas(scene, [sighted(scene)], running(scene, A));
    await recover(scene);
    expect(await scene.ledger.badCommit(scene.environment, B)).toMatchObject({
      reason: expect.stringContaining('recovered'),
    });
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toMatch(/refused/);
    expect(scene.builds).toEqual([]);
  });

  test('lets a head in that was pushed since the loss', async ({ scene }) => {
    scene.rollOut = async () => ({ state: 'superseded', by: 57 });
    await scene.deploy(scene.push(B));
    clusterHas(scene, [sighted(scene)], running(scene, A));
    await recover(scene);
    expect(await scene.ledger.badCommit(scene.environment, B)).toBeUndefined();
  });

  test('holds a head that the sweep alone brought since the loss: nobody has pushed it', async ({
    scene,
  }) => {
    scene.rollOut = async () => ({ state: 'superseded', by: 57 });
    await scene.deploy({ ...scene.push(B), delivery: `sweep-${scene.app}` });
    clusterHas(scene, [sighted(scene)], running(scene, A));
    await recover(scene);
    expect(await scene.ledger.badCommit(scene.environment, B)).toMatchObject({
      reason: expect.stringContaining('recovered'),
    });
  });
});

describe.concurrent('an inventory that is not where it belongs', () => {
  test.for([
    ['another app’s namespace', 'somewhere-else', 'production'],
    ['a preview’s name for production', 'web--blue', 'production'],
    ['production’s name for a preview', 'web', 'preview-blue'],
  ])(
    'is somebody’s who wants to be taken for the app: %s',
    async ([, namespace = '', environment = ''], { scene }) => {
      const where = namespace.replace('web', scene.app);
      clusterHas(scene, [sighted(scene, { namespace: where, environment })], running(scene, A));
      await recover(scene);
      expect(await scene.ledger.newestClaim({ app: scene.app, name: environment })).toBeUndefined();
    },
  );
});

describe.concurrent('a cluster that is behind its ledger', () => {
  test('has what is live brought out anew by the next deployment of the same commit', async ({ scene }) => {
    await scene.deploy(scene.push(A));
    clusterHas(scene, []);
    await recover(scene);
    scene.rollOut = async () => scene.live();
    scene.rollouts.length = 0;
    const run = await scene.deploy({ ...scene.push(A), delivery: 'anew' });
    expect(run.last).toMatch(/^live/);
    expect(scene.rollouts.map(({ do: what }) => what)).toEqual(['apply']);
  });
});

import { describe } from 'vitest';
import { METRICS } from '../../../lib/report/metrics.ts';
import type { RolloutAnswer } from '../../../lib/rollout/request.ts';
import { A, B, CRASH, eventsOf, test } from './on-stage.ts';

describe.concurrent('a push', () => {
  test('is built, released, rolled out, and told to be live', async ({ scene, expect }) => {
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toBe(`live ${scene.app} ${A} http://${scene.app}.test/`);
    expect(run.operations).toEqual(['claim', 'build', 'release', 'apply', 'settle']);
    expect(eventsOf(run.chapters)).toEqual([
      'deploy.started',
      'release.created',
      'rollout.live',
      'deploy.settled',
    ]);
    expect(scene.builds).toEqual([
      {
        subject: { delivery: 'delivery-aaaa', app: scene.app, commit: A },
        repository: { host: 'github', owner: 'acme', name: scene.app },
        publishTo: `registry/fairlead/${scene.app}`,
        tags: [A],
        environment: { name: 'production', namespace: scene.app },
        fence: 1,
      },
    ]);
    expect(scene.rollouts).toMatchObject([
      { do: 'apply', fence: 1, release: { number: 1, namespace: scene.app, port: 8080 } },
    ]);
    expect(scene.repository.statuses.map(({ state }) => state)).toEqual(['pending', 'success']);
    expect(scene.repository.statuses.at(-1)?.target_url).toBe(`http://${scene.app}.test/`);
    expect(await scene.ledger.history(scene.environment, 9)).toMatchObject([
      { number: 1, commit: A, verdict: { is: 'live' } },
    ]);
    expect(scene.metrics).toMatchObject([{ DeploymentLive: 1, service: 'deploy', app: scene.app }]);
    expect(scene.metrics[0]?.PushToLive).toBeGreaterThan(0);
  });

  test('of what runs changes nothing', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    const run = await scene.deploy(scene.push(A, 'again'));
    expect(run.last).toBe(`unchanged ${scene.app} ${A} http://${scene.app}.test/`);
    expect(run.operations).toEqual(['claim', 'see', 'settle']);
    expect(scene.builds).toHaveLength(1);
    expect(scene.rollouts).toHaveLength(1);
    expect(scene.repository.statuses).toHaveLength(2);
    expect(scene.metrics).toHaveLength(1);
  });

  test('back to a commit that was live before is a new deployment', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    await scene.deploy(scene.push(B));
    const run = await scene.deploy(scene.push(A, 'back'));
    expect(run.last).toMatch(/^live /);
    expect(scene.rollouts.map(({ release }) => release.commit)).toEqual([A, B, A]);
    expect(scene.rollouts.map(({ fence }) => fence)).toEqual([1, 2, 3]);
  });

  test('is observed for as long as its jobs may take', async ({ scene, expect }) => {
    scene.build = async ({ subject }) => scene.built(subject.commit, 'jobs: { migrate: { timeout: 2h } }');
    let left = 100;
    scene.rollOut = async () => (left-- > 0 ? { state: 'progressing', ready: 0, wanted: 1 } : scene.live());
    expect((await scene.deploy(scene.push(A))).last).toMatch(/^live /);
  });

  test('is observed as long as the rollout goes on', async ({ scene, expect }) => {
    const answers: RolloutAnswer[] = [{ state: 'progressing', ready: 0, wanted: 2 }, scene.live()];
    scene.rollOut = async () => answers.shift() ?? CRASH;
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
    expect(run.operations).toEqual(['claim', 'build', 'release', 'apply', 'renew', 'observe', 'settle']);
  });

  test('that names no commit is of whatever the head is', async ({ scene, expect }) => {
    const asked = { ...scene.push(A), after: '0'.repeat(40) };
    const run = await scene.deploy(asked);
    expect(run.last).toMatch(new RegExp(`^live ${scene.app} ${A} `));
    expect(scene.repository.statuses.map(({ commit, state }) => [commit, state])).toEqual([
      [A, 'pending'],
      [A, 'success'],
    ]);
    scene.repository.head = undefined;
    const gone = await scene.deploy({ ...asked, delivery: 'gone' });
    expect(gone.last).toBe(`ignored ${scene.app} refs/heads/main (the branch main is gone)`);
    scene.repository.seen = false;
    const hidden = await scene.deploy({ ...asked, delivery: 'hidden' });
    expect(hidden.last).toMatch(/^failed .* no repository/);
  });

  test('to a branch that is gone by now is ignored', async ({ scene, expect }) => {
    const push = scene.push(A);
    scene.repository.head = undefined;
    const run = await scene.deploy(push);
    expect(run.last).toBe(`ignored ${scene.app} refs/heads/main (the branch main is gone)`);
    expect(run.operations).toEqual(['claim', 'settle']);
  });
});

describe.concurrent('a commit that cannot work', () => {
  test('is marked bad when it does not build, and refused from then on', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    const reason = 'main.go:3:1: undefined: greting';
    scene.build = async () => ({ outcome: 'failed', blame: 'commit', reason, details: '…', line: 4 });
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toBe(`failed ${scene.app} ${B} ${reason}`);
    expect(run.operations).toEqual(['claim', 'build', 'undo', 'settle']);
    const again = await scene.deploy(scene.push(B, 'again'));
    expect(again.last).toMatch(
      new RegExp(`^failed ${scene.app} ${B} refused: it failed before, on 2.*${reason}.*push a new`),
    );
    expect(scene.builds).toHaveLength(2);
    expect(scene.rollouts).toHaveLength(1);
    expect(scene.repository.statuses.map(({ state }) => state)).toEqual([
      'pending',
      'success',
      'pending',
      'failure',
    ]);
    expect(scene.metrics.map((metric) => metric.DeploymentFailed)).toEqual([undefined, 1]);
    const { namespace, service, metricName } = METRICS.failed;
    expect(scene.metrics.at(-1)).toMatchObject({
      service,
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: namespace,
            Dimensions: [['service'], ['service', 'app']],
            Metrics: [{ Name: metricName }],
          },
        ],
      },
    });
  });

  test('is marked bad when its fairlead.yaml is wrong', async ({ scene, expect }) => {
    scene.build = async () => scene.built(A, 'prot: 80\n');
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^failed .* fairlead\.yaml:1:1: unknown key prot; /);
    expect(await scene.ledger.badCommit(scene.environment, A)).toMatchObject({ commit: A });
    expect(await scene.ledger.history(scene.environment, 9)).toEqual([]);
  });

  test('is marked bad when there is more of it than can be kept', async ({ scene, expect }) => {
    const large = `config: { /etc/large: ${'x'.repeat(300_000)} }\n`;
    scene.build = async () => scene.built(A, large);
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(
      /^failed .* its resources have 3\d{5} bytes as JSON, .* ConfigMap .*put large data/,
    );
    expect(await scene.ledger.badCommit(scene.environment, A)).toMatchObject({ commit: A });
  });

  test('is undone when it does not come up, by a release of what was good', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    scene.rollOut = async ({ do: what }) => (what === 'undo' ? scene.live() : CRASH);
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toBe(`failed ${scene.app} ${B} the container crashes`);
    expect(run.operations).toEqual(['claim', 'build', 'release', 'apply', 'undo', 'undo', 'settle']);
    expect(eventsOf(run.chapters)).toEqual([
      'deploy.started',
      'release.created',
      'rollout.failed',
      'rollback.finished',
      'deploy.settled',
    ]);
    expect(run.chapters[2]?.message).toBe('the container crashes\npanic: no database');
    expect(scene.rollouts.at(-1)).toMatchObject({
      do: 'undo',
      release: { number: 2 },
      back: { number: 3, commit: A },
    });
    const history = await scene.ledger.history(scene.environment, 9);
    expect(history.map(({ number, verdict }) => [number, verdict?.is])).toEqual([
      [3, 'live'],
      [2, 'failed'],
      [1, 'live'],
    ]);
    const back = await scene.deploy(scene.push(A, 'back'));
    expect(back.last).toMatch(/^unchanged /);
    const again = await scene.deploy(scene.push(B, 'again'));
    expect(again.last).toMatch(/^failed .* refused: .*the container crashes/);
  });

  test('is not marked bad, but undone, when the cluster was at fault', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    const quota: RolloutAnswer = { state: 'failed', reason: 'quota', details: '', blame: 'elsewhere' };
    scene.rollOut = async ({ do: what }) => (what === 'undo' ? scene.live() : quota);
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toBe(`failed ${scene.app} ${B} quota`);
    expect(scene.repository.statuses.at(-1)?.state).toBe('error');
    scene.rollOut = async () => scene.live();
    expect((await scene.deploy(scene.push(B, 'again'))).last).toMatch(/^live /);
  });

  test('is removed when nothing was good before', async ({ scene, expect }) => {
    scene.rollOut = async ({ do: what }) => (what === 'undo' ? { state: 'removed' } : CRASH);
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^failed /);
    expect(scene.rollouts.at(-1)).toMatchObject({ do: 'undo', release: { number: 1 } });
    expect(scene.rollouts.at(-1)).not.toHaveProperty('back');
    scene.rollOut = async () => scene.live();
    expect((await scene.deploy(scene.push(B))).last).toMatch(/^live /);
  });

  test('and cannot be undone says so, and lets the next one in', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    scene.rollOut = async () => CRASH;
    const run = await scene.deploy(scene.push(B));
    expect(run.chapters.at(-2)?.message).toMatch(/could not be undone: the container crashes/);
    scene.rollOut = async () => scene.live();
    // What runs is not known, so the good commit is rolled out again.
    expect((await scene.deploy(scene.push(A, 'back'))).last).toMatch(/^live /);
  });
});

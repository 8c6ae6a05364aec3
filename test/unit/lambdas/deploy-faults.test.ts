import { describe } from 'vitest';
import type { RolloutAnswer } from '../../../lib/rollout/request.ts';
import { A, B, CRASH, eventsOf, test, until } from './on-stage.ts';
import { gate } from './stage.ts';

describe.concurrent('what may pass', () => {
  test('a git host that fails for a while', async ({ scene, expect }) => {
    const push = scene.push(A);
    scene.repository.faults.push(500, 502, 503, 500, 500);
    const run = await scene.deploy(push);
    expect(run.last).toMatch(/^live /);
  });

  test('a git host that takes no statuses', async ({ scene, expect }) => {
    scene.repository.takesStatuses = false;
    expect((await scene.deploy(scene.push(A))).last).toMatch(/^live /);
  });

  test('a git host that refuses to tell the head fails the deployment, not the commit', async ({
    scene,
    expect,
  }) => {
    scene.build = async ({ subject }) => {
      scene.repository.faults.push(403);
      return scene.built(subject.commit);
    };
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^failed .*403.*check the token/);
    expect(await scene.ledger.badCommit(scene.environment, A)).toBeUndefined();
    expect((await scene.ledger.newestClaim(scene.environment))?.ended).toBe(true);
  });

  test('a token that does not see the repository fails the push with what to do, and not in silence', async ({
    scene,
    expect,
  }) => {
    const push = scene.push(A);
    scene.repository.seen = false;
    const run = await scene.deploy(push);
    expect(run.last).toMatch(
      /^failed .* shows Fairlead no repository acme\/web-\d+ .*may be read; then push again, or run npx fairlead redeploy/,
    );
    expect(scene.builds).toEqual([]);
    expect(await scene.ledger.badCommits(scene.environment)).toEqual([]);
    expect(await scene.ledger.newestClaim(scene.environment)).toBeUndefined();
    scene.repository.seen = true;
    expect((await scene.deploy({ ...push, delivery: 'again' })).last).toMatch(/^live /);
  });

  test('a token that is lost while it is at work undoes what was begun, and is told', async ({
    scene,
    expect,
  }) => {
    await scene.deploy(scene.push(A));
    scene.build = async ({ subject }) => {
      scene.repository.seen = false;
      return scene.built(subject.commit);
    };
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toMatch(/^failed .* shows Fairlead no repository/);
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ commit: A });
    expect((await scene.ledger.newestClaim(scene.environment))?.ended).toBe(true);
  });

  test('a builder that breaks off is asked again', async ({ scene, expect }) => {
    scene.build = async ({ subject }) => {
      if (scene.builds.length === 1) throw new Error('connection reset');
      return scene.built(subject.commit);
    };
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
    expect(run.chapters.map(({ message }) => message)).toContain(
      'the builder gave no answer (connection reset); trying again',
    );
  });

  test('a push that waits for room gives way to a newer one', async ({ scene, expect }) => {
    const full = gate();
    scene.build = async ({ subject }) => {
      if (subject.commit === B) return scene.built(B);
      if (scene.builds.length > 3) await full.opened;
      throw new Error('Rate Exceeded.');
    };
    const older = scene.deploy(scene.push(A));
    // A builder that breaks has two more tries, within ten seconds.
    await until(() => scene.builds.length === 4);
    expect((await scene.deploy(scene.push(B))).last).toMatch(/^live /);
    full.open();
    expect((await older).last).toBe(`superseded ${scene.app} ${A} by ${B}`);
  });

  test('a builder that stays broken fails the deployment, not the commit', async ({ scene, expect }) => {
    scene.build = async () => {
      throw new Error('out of memory');
    };
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toBe(`failed ${scene.app} ${A} out of memory`);
    expect(run.status).toBe('SUCCEEDED');
    expect(scene.builds).toHaveLength(3);
    expect(scene.repository.statuses.at(-1)?.state).toBe('error');
    scene.build = async ({ subject }) => scene.built(subject.commit);
    expect((await scene.deploy(scene.push(A, 'again'))).last).toMatch(/^live /);
  });

  test('a cluster that does not tell is asked again, and nothing is undone meanwhile', async ({
    scene,
    expect,
  }) => {
    const answers: RolloutAnswer[] = [
      { state: 'unknown', reason: 'the API server does not answer' },
      scene.live(),
    ];
    scene.rollOut = async () => answers.shift() ?? CRASH;
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
  });
});

describe.concurrent('an execution that is cut off after the effect of a step, and goes on', () => {
  test.for([1, 2, 3, 4, 5, 6, 7])('comes to the same end: write %i', async (nth, { scene, expect }) => {
    scene.loseWrite(nth);
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
    expect(eventsOf(run.chapters).filter((event) => event === 'deploy.settled')).toHaveLength(1);
    const history = await scene.ledger.history(scene.environment, 9);
    expect(history).toMatchObject([{ number: 1, verdict: { is: 'live' } }]);
    expect((await scene.deploy(scene.push(A, 'again'))).last).toMatch(/^unchanged /);
  });

  test.for([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'undoes the same: write %i',
    async (nth, { scene, expect }) => {
      await scene.deploy(scene.push(A));
      scene.loseWrite(nth);
      scene.rollOut = async ({ do: what }) => (what === 'undo' ? scene.live() : CRASH);
      const run = await scene.deploy(scene.push(B));
      expect(run.last).toMatch(/^failed .* the container crashes$/);
      const history = await scene.ledger.history(scene.environment, 9);
      expect(history.map(({ number, commit, verdict }) => [number, commit, verdict?.is])).toEqual([
        [3, A, 'live'],
        [2, B, 'failed'],
        [1, A, 'live'],
      ]);
      expect((await scene.deploy(scene.push(A, 'back'))).last).toMatch(/^unchanged /);
      expect((await scene.deploy(scene.push(B, 'again'))).last).toMatch(/^failed .* refused/);
    },
  );
});

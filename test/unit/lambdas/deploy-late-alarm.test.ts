import { describe } from 'vitest';
import type { AlarmLook, BakeLook } from '../../../lib/bake/types.ts';
import type { RolloutAnswer } from '../../../lib/rollout/request.ts';
import { A, B, test } from './on-stage.ts';
import type { Scene } from './stage.ts';

const UNWATCHED = 'bake:\n  seconds: 0\n  alarms: [errors]\n  watchFor: 1h\n';
const BAKED = 'bake:\n  seconds: 1\n  alarms: [errors]\n  watchFor: 1h\n';

const alarm = (state: AlarmLook['state'], ago = 0): AlarmLook => ({
  name: 'errors',
  state,
  since: new Date(Date.now() - ago).toISOString(),
  reason: '9 errors',
});

function looked(alarms: AlarmLook[], trouble: string[] = []): RolloutAnswer {
  const look: BakeLook = { at: new Date().toISOString(), alarms, checks: [], restarts: [], trouble };
  return { state: 'looked', look };
}

interface Given {
  file: string;
  before?: AlarmLook[];
  /** What the looks find that come after the ledger has heard of it. */
  late(): RolloutAnswer;
}

/** Release 1 of A is live; that of B comes to be, and is found good as long as it is watched. */
async function second(scene: Scene, { file, before, late }: Given) {
  await scene.deploy(scene.push(A));
  const { live } = scene;
  scene.build = async ({ subject }) => scene.built(subject.commit, file);
  scene.rollOut = async (request) => {
    if (request.do === 'prune') return { state: 'removed' };
    if (request.do !== 'look') {
      const answer = live.call(scene) as RolloutAnswer & { state: 'live' };
      return request.do === 'apply' && before ? { ...answer, applied: { changes: [], before } } : answer;
    }
    const isLive = (await scene.ledger.live(scene.environment))?.commit === B;
    return isLive ? late() : looked([alarm('OK', 60_000)]);
  };
  const run = await scene.deploy(scene.push(B));
  const past = await scene.ledger.history(scene.environment, 9);
  return { run, verdicts: past.map(({ number, commit }) => `${number} ${commit[0]}`) };
}

describe.concurrent('an alarm that begins to ring just before the ledger hears that a release is live', () => {
  test.for([
    ['not watched', UNWATCHED],
    ['at the end of its bake', BAKED],
  ] as const)('takes it back: %s', async ([, file], { scene, expect }) => {
    const quiet = [alarm('OK', 60_000)];
    const { run, verdicts } = await second(scene, {
      file,
      before: quiet,
      late: () => looked([alarm('ALARM')]),
    });
    expect(run.last).toMatch(/^live /);
    expect(verdicts).toEqual(['3 a', '2 b', '1 a']);
    expect(scene.rollouts.at(-1)).toMatchObject({ do: 'undo', release: { number: 2 }, back: { commit: A } });
    // What it goes back to was not taken away.
    expect(scene.rollouts.map(({ do: what }) => what)).not.toContain('prune');
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ commit: A, release: 3 });
    const bad = await scene.ledger.badCommit(scene.environment, B);
    expect(bad?.reason).toBe('rolled back by alarm errors: 9 errors');
    expect(run.operations.filter((name) => name === 'look')).not.toHaveLength(0);
  });

  test('does so where nobody knows how it was before, too', async ({ scene, expect }) => {
    const { verdicts } = await second(scene, { file: UNWATCHED, late: () => looked([alarm('ALARM')]) });
    expect(verdicts).toEqual(['3 a', '2 b', '1 a']);
  });

  test('is looked for again where CloudWatch does not answer', async ({ scene, expect }) => {
    let looks = 0;
    const late = () => (++looks === 1 ? looked([], ['no answer within 8 s']) : looked([alarm('ALARM')]));
    const { verdicts } = await second(scene, { file: UNWATCHED, before: [], late });
    expect(verdicts).toEqual(['3 a', '2 b', '1 a']);
    expect(looks).toBe(2);
  });
});

describe.concurrent('a release stays', () => {
  test.for([
    ['that rang before it', [alarm('ALARM', 60_000)], alarm('ALARM', 60_000)],
    ['that rang before it, as far as anybody knows', undefined, alarm('ALARM', 60_000)],
    ['that is quiet', [alarm('OK', 60_000)], alarm('OK', 60_000)],
  ] as const)('in spite of an alarm %s', async ([, before, now], { scene, expect }) => {
    const given = { file: UNWATCHED, late: () => looked([now]), ...(before && { before: [...before] }) };
    const { run, verdicts } = await second(scene, given);
    expect(run.last).toMatch(/^live /);
    expect(verdicts).toEqual(['2 b', '1 a']);
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ commit: B });
  });

  test('and is not looked at after its bake where no alarm takes it back then', async ({ scene, expect }) => {
    const file = 'bake:\n  seconds: 0\n  alarms: [errors]\n  watchFor: 0\n';
    await second(scene, { file, late: () => looked([alarm('ALARM')]) });
    expect(scene.rollouts.map(({ do: what }) => what)).not.toContain('look');
  });
});

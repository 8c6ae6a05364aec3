import { afterAll, describe, expect, test, vi } from 'vitest';
import type { OperateAnswer } from '../../../lib/operate/answer.ts';
import type { OperateQuestion } from '../../../lib/operate/request.ts';
import { ANY_APP, type ListedApp } from '../../../lib/push/installation.ts';
import { NO_PREVIEWS } from '../../../lib/push/previews.ts';
import type { Release } from '../../../lib/release/types.ts';
import { deployed } from './deployed.ts';
import { FunctionScene } from './function-scene.ts';
import { installationFile } from './installation-file.ts';

const LISTED: ListedApp = {
  app: 'listed',
  repository: { host: 'gitlab', owner: 'group', repository: 'Listed' },
  environments: { production: 'main', staging: 'develop' },
  previews: NO_PREVIEWS,
};
const file = installationFile({ ...ANY_APP, apps: [LISTED] });
afterAll(() => file.remove());
const scene = new FunctionScene<unknown, OperateAnswer>(async () => {
  vi.stubEnv('INSTALLATION_FILE', file.path);
  return await import('../../../lambdas/operate.ts');
});
const { aws, handler } = scene;
const ask = (question: OperateQuestion) => handler(question);

const [A, B] = ['a'.repeat(40), 'b'.repeat(40)];

describe('status', () => {
  test('tells what runs, what is at work, and which commits are refused', async () => {
    await deployed(scene.ledger, { app: scene.app, commit: A });
    await deployed(scene.ledger, { app: scene.app, commit: B, fails: 'it crashes' });
    await scene.ledger.claim(
      { app: scene.app, name: 'production' },
      { execution: 'x', delivery: 'd' },
      async () => 'c'.repeat(40),
    );
    expect(await ask({ do: 'status', app: scene.app })).toMatchObject({
      is: 'status',
      environments: [
        {
          app: scene.app,
          name: 'production',
          repository: `acme/${scene.app}`,
          branch: 'main',
          live: { release: 1, commit: A, url: `http://${scene.app}.test` },
          underWay: { what: 'deploy', commit: 'c'.repeat(40) },
          newest: { number: 2, verdict: { is: 'failed', reason: 'it crashes' } },
          bad: [{ commit: B, reason: 'it crashes' }],
        },
      ],
    });
  });

  test('knows all apps, and names them where there is none of that name', async () => {
    await deployed(scene.ledger, { app: scene.app, commit: A });
    const all = await ask({ do: 'status' });
    expect(all.is === 'status' && all.environments.map((one) => one.app)).toContain(scene.app);
    expect(await ask({ do: 'status', app: 'none' })).toMatchObject({
      is: 'refused',
      code: 'operate/no-app',
      remedy: expect.stringContaining(scene.app),
    });
  });
});

/** A release that is being brought out. */
async function begun(commit: string): Promise<void> {
  const where = { app: scene.app, name: 'production' };
  const by = { execution: `arn:${commit}`, delivery: commit };
  const claim = await scene.ledger.claim(where, by, async () => commit);
  if (claim.is !== 'claimed') throw new Error(claim.is);
  const good = await scene.ledger.releaseOf(where, 1);
  await scene.ledger.release(where, claim.fence, (number) => ({ ...(good as Release), number, commit }));
}

describe('roll-back', () => {
  const question = () => ({ do: 'roll-back', app: scene.app, reason: 'it is slow', by: 'ada' }) as const;

  test('starts deploy, and says from what to what', async () => {
    await deployed(scene.ledger, { app: scene.app, commit: A });
    await deployed(scene.ledger, { app: scene.app, commit: B });
    expect(await ask(question())).toMatchObject({
      is: 'started',
      from: { release: 2, commit: B },
      to: { release: 1, commit: A },
      execution: expect.stringMatching(/^arn:/),
    });
    expect(aws.invoked).toMatchObject([
      {
        function: 'deploy:live',
        payload: {
          do: 'roll-back',
          app: scene.app,
          environment: { name: 'production', namespace: `${scene.app}-space` },
          reason: 'it is slow',
          by: 'ada',
        },
      },
    ]);
    expect(aws.invoked[0]?.name).toBe(aws.invoked[0]?.payload.delivery);
  });

  test('names what is being brought out as what goes, and what is live as what stays', async () => {
    await deployed(scene.ledger, { app: scene.app, commit: A });
    await begun(B);
    expect(await ask(question())).toMatchObject({
      from: { release: 2, commit: B },
      to: { release: 1, commit: A },
    });
  });

  test('is started once more where an earlier one did not come to its end', async () => {
    await deployed(scene.ledger, { app: scene.app, commit: A });
    await deployed(scene.ledger, { app: scene.app, commit: B });
    const where = { app: scene.app, name: 'production' };
    const by = { execution: 'arn:back', delivery: 'back' };
    const claim = await scene.ledger.rollBack(where, by, { reason: 'it is slow', by: 'ada' });
    if (claim.is !== 'claimed') throw new Error(claim.is);
    await scene.ledger.settle(where, { fence: claim.fence });
    const answer = await ask(question());
    expect(answer).toMatchObject({ is: 'started' });
    expect(answer).not.toHaveProperty('from');
    expect(aws.invoked).toHaveLength(1);
  });

  test('goes to the release that is asked for', async () => {
    for (const commit of [A, B, 'c'.repeat(40)]) await deployed(scene.ledger, { app: scene.app, commit });
    expect(await ask({ ...question(), to: 1 })).toMatchObject({ is: 'started', to: { release: 1 } });
    expect(aws.invoked[0]?.payload.to).toBe(1);
  });

  test.each([
    [{}, /nothing to go back to/],
    [{ to: 9 }, /no release 9/],
    [{ to: 1 }, /has the commit that runs now/],
  ])('is refused where there is nothing to go back to: %j', async (more, why) => {
    await deployed(scene.ledger, { app: scene.app, commit: A });
    const answer = await ask({ ...question(), ...more });
    expect(answer).toMatchObject({
      is: 'refused',
      code: 'operate/no-rollback',
      cause: expect.stringMatching(why),
    });
    expect(aws.invoked).toEqual([]);
  });

  test('leaves it to the claim while something is under way', async () => {
    await deployed(scene.ledger, { app: scene.app, commit: A });
    await scene.ledger.claim(
      { app: scene.app, name: 'production' },
      { execution: 'x', delivery: 'd' },
      async () => B,
    );
    expect(await ask(question())).toMatchObject({ is: 'started' });
  });

  test('asks which environment is meant where that is not plain', async () => {
    for (const environment of ['preview-x', 'preview-y'])
      await deployed(scene.ledger, { app: scene.app, environment, commit: A });
    expect(await ask(question())).toMatchObject({
      is: 'refused',
      code: 'operate/no-environment',
      remedy: 'name one of preview-x, preview-y',
    });
  });
});

describe('forgive', () => {
  test('lets the commit in again, and deploys the branch', async () => {
    await deployed(scene.ledger, { app: scene.app, commit: A });
    await deployed(scene.ledger, { app: scene.app, commit: B, fails: 'it crashes' });
    expect(await ask({ do: 'forgive', app: scene.app })).toMatchObject({
      is: 'forgiven',
      bad: { commit: B, reason: 'it crashes' },
      execution: expect.any(String),
    });
    expect(await scene.ledger.badCommit({ app: scene.app, name: 'production' }, B)).toBeUndefined();
    expect(aws.invoked).toMatchObject([
      { payload: { do: 'deploy', app: scene.app, branch: 'main', after: B } },
    ]);
    expect(aws.invoked[0]?.payload.delivery).not.toBe(`delivery-${B}`);
  });

  test('finds a commit by its beginning, and may leave the deployment to the next push', async () => {
    await deployed(scene.ledger, { app: scene.app, commit: B, fails: 'it crashes' });
    await deployed(scene.ledger, { app: scene.app, commit: A, fails: 'so does it' });
    expect(await ask({ do: 'forgive', app: scene.app, commit: 'bbbb', deploy: false })).toMatchObject({
      bad: { commit: B },
    });
    expect(aws.invoked).toEqual([]);
    expect(await ask({ do: 'forgive', app: scene.app, commit: 'cccc' })).toMatchObject({
      is: 'refused',
      code: 'operate/not-bad',
      remedy: expect.stringContaining('aaaaaaaaaaaa'),
    });
  });
});

test('releases and what each changed are told', async () => {
  await deployed(scene.ledger, { app: scene.app, commit: A });
  await deployed(scene.ledger, { app: scene.app, commit: B });
  const change = { object: 'Deployment web', is: 'changed', fields: ['.spec.replicas: 2 -> 3'] } as const;
  await scene.ledger.note({ app: scene.app, name: 'production' }, 2, { changes: [change] });
  expect(await ask({ do: 'releases', app: scene.app })).toMatchObject({
    live: 2,
    releases: [{ number: 2 }, { number: 1 }],
  });
  expect(await ask({ do: 'releases', app: scene.app, limit: 1 })).toMatchObject({
    releases: [{ number: 2 }],
  });
  expect(await ask({ do: 'diff', app: scene.app })).toMatchObject({
    release: { number: 2, changes: [change] },
  });
  expect(await ask({ do: 'diff', app: scene.app, number: 1 })).toMatchObject({ release: { number: 1 } });
  expect(await ask({ do: 'diff', app: scene.app, number: 7 })).toMatchObject({
    is: 'refused',
    code: 'operate/no-release',
    remedy: 'there are 1 to 2',
  });
});

test('a pull request of a fork is approved by its commit', async () => {
  await deployed(scene.ledger, { app: scene.app, commit: A });
  expect(await ask({ do: 'approve', app: scene.app, pullRequest: 7, commit: B, by: 'ada' })).toMatchObject({
    is: 'asked',
  });
  expect(aws.invoked).toMatchObject([
    {
      function: 'sweep:live',
      payload: {
        do: 'look-at-pull',
        owner: 'acme',
        repository: scene.app,
        number: 7,
        word: { commit: B, by: 'ada', from: 'command line' },
      },
    },
  ]);
});

test('a preview is removed, production is not', async () => {
  for (const environment of ['production', 'preview-x'])
    await deployed(scene.ledger, { app: scene.app, environment, commit: A });
  expect(await ask({ do: 'remove', app: scene.app, environment: 'preview-x', by: 'ada' })).toMatchObject({
    is: 'started',
  });
  expect(aws.invoked).toMatchObject([
    { payload: { do: 'remove', app: scene.app, environment: { name: 'preview-x' } } },
  ]);
  expect(await ask({ do: 'remove', app: scene.app, environment: 'production', by: 'ada' })).toMatchObject({
    is: 'refused',
  });
  expect(aws.invoked).toHaveLength(1);
});

test('an execution is followed to its end', async () => {
  const execution = 'arn:aws:lambda:us-east-1:000000000000:function:deploy:1/durable-execution/n/i';
  const progress = async (more: Record<string, unknown>) => {
    aws.executions[execution] = more;
    return await ask({ do: 'progress', execution });
  };
  expect(await progress({ Status: 'RUNNING' })).toEqual({ is: 'going-on' });
  const Result = JSON.stringify({ outcome: 'live', commit: A, message: 'all is well' });
  expect(await progress({ Status: 'SUCCEEDED', Result })).toEqual({
    is: 'ended',
    outcome: 'live',
    message: 'all is well',
  });
  expect(await progress({ Status: 'FAILED', Error: { ErrorMessage: 'broken' } })).toMatchObject({
    outcome: 'failed',
    message: 'broken',
  });
  expect(await progress({ Status: 'TIMED_OUT' })).toMatchObject({
    outcome: 'failed',
    message: expect.stringMatching(/TIMED_OUT/),
  });
});

test.each([
  [undefined],
  [{}],
  [{ do: 'delete everything' }],
  [{ do: 'status', app: '../x' }],
  [{ do: 'roll-back', app: 'web', reason: 'two\nlines', by: 'ada' }],
  [{ do: 'roll-back', app: 'web', reason: 'why', by: 'ada', to: -1 }],
  [{ do: 'approve', app: 'web', pullRequest: 7, commit: 'abc123', by: 'ada' }],
])('refuses %j', async (event) => {
  expect(await handler(event)).toMatchObject({ is: 'refused', code: 'operate/invalid-request' });
  expect(aws.invoked).toEqual([]);
});

describe('what brings a ledger and a cluster together', () => {
  test('recover starts deploy, for all apps or one', async () => {
    expect(await ask({ do: 'recover' })).toMatchObject({ is: 'started', execution: expect.any(String) });
    expect(await ask({ do: 'recover', app: scene.app })).toMatchObject({ is: 'started' });
    expect(aws.invoked).toMatchObject([
      { function: 'deploy:live', payload: { do: 'recover' } },
      { function: 'deploy:live', payload: { do: 'recover', app: scene.app } },
    ]);
  });

  test('redeploy brings the branch out, though its head is live: the next claim may not leave it as it is', async () => {
    await deployed(scene.ledger, { app: scene.app, commit: A });
    expect(await ask({ do: 'redeploy', app: scene.app })).toMatchObject({ is: 'started' });
    expect(aws.invoked).toMatchObject([{ payload: { do: 'deploy', branch: 'main', after: A } }]);
    const where = { app: scene.app, name: 'production' };
    const claim = await scene.ledger.claim(where, { execution: 'x', delivery: 'd' }, async () => A);
    expect(claim.is).toBe('claimed');
  });

  test('redeploy starts a listed app that the ledger does not know, at whatever its branch’s head is', async () => {
    const question = { do: 'redeploy', app: 'listed' } as const;
    expect(await ask(question)).toMatchObject({
      ...{ is: 'started', environment: { app: 'listed', name: 'production' } },
    });
    expect(await ask({ ...question, environment: 'staging' })).toMatchObject({ is: 'started' });
    const origin = { host: 'gitlab', owner: 'group', repository: 'Listed' };
    expect(aws.invoked.map(({ payload }) => payload)).toMatchObject([
      {
        do: 'deploy',
        ...origin,
        branch: 'main',
        environment: { namespace: 'listed' },
        after: '0'.repeat(40),
      },
      { ref: 'refs/heads/develop', environment: { namespace: 'listed--env--staging' } },
    ]);
  });

  test('redeploy of a listed app takes what the ledger knows first, and names what both know', async () => {
    await deployed(scene.ledger, { app: 'listed', environment: 'preview-x', commit: A });
    expect(await ask({ do: 'redeploy', app: 'listed', environment: 'preview-x' })).toMatchObject({
      is: 'started',
    });
    expect(aws.invoked).toMatchObject([{ payload: { after: A, environment: { name: 'preview-x' } } }]);
    expect(await ask({ do: 'redeploy', app: 'listed', environment: 'qa' })).toMatchObject({
      ...{ is: 'refused', code: 'operate/no-environment' },
      remedy: 'name one of preview-x, production, staging',
    });
    expect(await ask({ do: 'redeploy', app: 'none' })).toMatchObject({
      ...{ code: 'operate/no-app', remedy: expect.stringContaining('listed') },
    });
    const hostile = { do: 'redeploy', app: 'listed', environment: 'constructor' } as const;
    expect(await ask(hostile)).toMatchObject({ code: 'operate/no-environment' });
  });

  test('an examination is started, and what it found is told', async () => {
    expect(await ask({ do: 'examine' })).toMatchObject({ is: 'started' });
    expect(aws.invoked).toMatchObject([{ payload: { do: 'examine' } }]);
    const execution = 'arn:aws:lambda:us-east-1:000000000000:function:deploy:1/durable-execution/e/i';
    const findings = [{ is: 'ok', about: 'cluster', says: 'it is read' }];
    const Result = JSON.stringify({ outcome: 'examined', commit: '', message: 'all is well', findings });
    aws.executions[execution] = { Status: 'SUCCEEDED', Result };
    expect(await ask({ do: 'progress', execution })).toMatchObject({ is: 'ended', findings });
  });
});

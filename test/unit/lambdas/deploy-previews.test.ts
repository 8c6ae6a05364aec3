import { describe } from 'vitest';
import { NO_PREVIEWS } from '../../../lib/push/previews.ts';
import type { Remove } from '../../../lib/push/request.ts';
import type { Push } from '../../../lib/push/types.ts';
import { A, B, C, test } from './on-stage.ts';
import type { Scene } from './stage.ts';

const SECRETS = 'secrets: { TOKEN: { kubernetes: production } }\n';

/** A push of pull request 7, which comes from a fork, at a commit that ann has let in. */
function ofFork(scene: Scene, after: string, delivery = `delivery-${after.slice(0, 4)}`): Push {
  const branch = 'pull/7/head';
  return {
    host: 'github',
    owner: 'acme',
    repository: scene.app,
    ref: `refs/${branch}`,
    before: '0'.repeat(40),
    after,
    delivery,
    app: scene.app,
    branch,
    environment: { name: 'preview-pr-7', namespace: `${scene.app}--pr-7` },
    pullRequest: 7,
    fork: { approvedBy: 'ann' },
  };
}

function ofBranch(scene: Scene, after: string): Push {
  const environment = { name: 'preview-blue', namespace: `${scene.app}--blue` };
  return { ...scene.push(after), ref: 'refs/heads/blue', branch: 'blue', environment };
}

describe.concurrent('a preview of a branch', () => {
  test('has a namespace and a quota of its own, and says below the pull request where it is', async ({
    scene,
    expect,
  }) => {
    scene.repository.pull = { number: 7, state: 'open', sha: A };
    scene.build = async ({ subject }) => scene.built(subject.commit, SECRETS);
    const run = await scene.deploy(ofBranch(scene, A));
    expect(run.last).toMatch(/^live /);
    const resources = scene.rollouts[0]?.release.resources ?? [];
    expect(scene.rollouts[0]?.release.namespace).toBe(`${scene.app}--blue`);
    expect(resources.map(({ kind }) => kind)).toContain('ResourceQuota');
    expect(resources.map(({ kind }) => kind)).not.toContain('NetworkPolicy');
    expect(JSON.stringify(resources)).toContain('TOKEN');
    expect(scene.repository.comments.map(({ body }) => body)).toEqual([
      expect.stringMatching(
        new RegExp(`^<!-- fairlead -->\nPreview of .* is live at http://${scene.app}.test/`),
      ),
    ]);
  });
});

describe.concurrent('a load balancer', () => {
  const SCHEME = 'service.beta.kubernetes.io/aws-load-balancer-scheme';
  const INTERNAL = `service: { type: LoadBalancer, annotations: { ${SCHEME}: internal } }\n`;
  const schemes = ({ rollouts }: Scene) =>
    rollouts.flatMap(({ release: { resources } }) =>
      resources.flatMap(({ kind, metadata }) => (kind === 'Service' ? [metadata.annotations?.[SCHEME]] : [])),
    );

  test('is reached from where the installation says, or the app', async ({ scene, expect }) => {
    scene.build = async ({ subject }) => scene.built(subject.commit, 'service: LoadBalancer\n');
    expect((await scene.deploy(scene.push(A))).last).toMatch(/^live /);
    scene.build = async ({ subject }) => scene.built(subject.commit, INTERNAL);
    expect((await scene.deploy(scene.push(B))).last).toMatch(/^live /);
    expect(schemes(scene)).toEqual(['internet-facing', 'internal']);
  });

  test('of a fork is reached from where the installation says', async ({ scene, expect }) => {
    scene.repository.pull = { number: 7, state: 'open', sha: A };
    scene.build = async ({ subject }) => scene.built(subject.commit, INTERNAL);
    expect((await scene.deploy(ofFork(scene, A))).last).toMatch(/^live /);
    expect(schemes(scene)).toEqual(['internet-facing']);
  });
});

describe.concurrent('an app with all the previews that it may have', () => {
  test('gets no further one until another has gone; those that are there, and production, go on', async ({
    scene,
    expect,
  }) => {
    await scene.deploy(ofBranch(scene, A));
    const named = (number: number) => ({ name: `preview-b${number}`, namespace: `${scene.app}--b${number}` });
    for (let number = 1; number < NO_PREVIEWS.most; number++)
      await scene.ledger.list({ ...ofBranch(scene, A), environment: named(number) }, 1);
    const further = { ...ofBranch(scene, A), environment: named(99) };
    const refused = await scene.deploy({ ...further, delivery: `further-${scene.app}` });
    expect(refused.last).toContain(`the app ${scene.app} has 20 previews, as many as it may have`);
    expect(scene.repository.statuses.at(-1)).toMatchObject({ commit: A, state: 'error' });
    scene.repository.head = B;
    expect((await scene.deploy({ ...ofBranch(scene, B), delivery: `b-${scene.app}` })).last).toMatch(
      /^live /,
    );
    expect((await scene.deploy(scene.push(B))).last).toMatch(/^live /);
    const gone = {
      do: 'remove' as const,
      app: scene.app,
      environment: named(1),
      reason: 'its branch is gone',
    };
    expect((await scene.deploy({ ...gone, delivery: `gone-${scene.app}` })).last).toMatch(/^removed /);
    const again = await scene.deploy({ ...further, after: B, delivery: `again-${scene.app}` });
    expect(again.last).toMatch(/^live /);
  });
});

describe.concurrent('a preview of a fork', () => {
  test('is built at the commit that was let in, without secrets and within walls', async ({
    scene,
    expect,
  }) => {
    scene.repository.pull = { number: 7, state: 'open', sha: A };
    scene.build = async ({ subject }) => scene.built(subject.commit, SECRETS);
    const run = await scene.deploy(ofFork(scene, A));
    expect(run.last).toMatch(new RegExp(`^live ${scene.app} ${A} `));
    expect(scene.builds).toMatchObject([{ subject: { commit: A }, environment: { name: 'preview-pr-7' } }]);
    const resources = scene.rollouts[0]?.release.resources ?? [];
    expect(resources.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['NetworkPolicy', 'ResourceQuota', 'ServiceAccount']),
    );
    expect(JSON.stringify(resources)).not.toMatch(/TOKEN|secretKeyRef/);
  });

  test.for([
    ['has moved on', { number: 7, state: 'open', sha: B } as const],
    ['is closed', { number: 7, state: 'closed', sha: A } as const],
    ['is gone', undefined],
  ] as const)(
    'whose pull request %s is not built, neither at the one commit nor the other',
    async ([, pull], { scene, expect }) => {
      scene.repository.pull = pull;
      const run = await scene.deploy(ofFork(scene, A));
      expect(run.last).toMatch(/^ignored .*waits for a word of its own/);
      expect(scene.builds).toEqual([]);
      expect(scene.rollouts).toEqual([]);
    },
  );

  test('that moves on while it is built is not rolled out', async ({ scene, expect }) => {
    scene.repository.pull = { number: 7, state: 'open', sha: A };
    scene.build = async ({ subject }) => {
      scene.repository.pull = { number: 7, state: 'open', sha: B };
      return scene.built(subject.commit);
    };
    const run = await scene.deploy(ofFork(scene, A));
    expect(run.last).toMatch(/^ignored /);
    expect(scene.builds.map(({ subject }) => subject.commit)).toEqual([A]);
    expect(scene.rollouts).toEqual([]);
  });
});

describe.concurrent('a second repository of the same name', () => {
  const stranger = (push: Push): Push => ({
    ...push,
    owner: 'other',
    delivery: `${push.delivery}-o`,
  });

  test('is refused, and told whose the app is', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    const run = await scene.deploy(stranger(scene.push(B)));
    expect(run.last).toContain(`the app ${scene.app} is deployed from acme/${scene.app}`);
    const preview = await scene.deploy(stranger({ ...ofBranch(scene, C), delivery: 'preview' }));
    expect(preview.last).toContain('is deployed from acme/');
    expect(scene.builds).toHaveLength(1);
  });

  test('takes no preview away, neither with a branch nor with a pull request', async ({ scene, expect }) => {
    await scene.deploy(ofBranch(scene, A));
    const { app, environment } = ofBranch(scene, A);
    const asking = { host: 'github' as const, owner: 'other', repository: scene.app };
    const remove = async (unless: Remove['unless'], delivery: string) =>
      await scene.deploy({
        do: 'remove',
        app,
        environment,
        reason: 'gone',
        delivery,
        ...(unless && { unless }),
      });
    scene.repository.head = undefined;
    for (const what of [{ branch: 'blue' }, { pullsOf: 'blue' }]) {
      const run = await remove({ ...asking, ...what }, `${Object.keys(what)}-${scene.app}`);
      expect(run.last).toMatch(/^ignored .*is another repository's/);
    }
    expect(await scene.ledger.live({ app, name: environment.name })).toMatchObject({ commit: A });
    scene.rollOut = async () => ({ state: 'removed' });
    const own = await remove({ ...asking, owner: 'acme', branch: 'blue' }, `own-${scene.app}`);
    expect(own.last).toMatch(/^removed /);
  });

  test('is the first one, where the host says that it was only renamed', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    scene.repository.renamedTo = `Other/${scene.app}`;
    const run = await scene.deploy(stranger(scene.push(B)));
    expect(run.last).not.toContain('is deployed from');
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { freshName } from './apps.ts';
import { describeOn } from './describe-on.ts';
import type { Implementation } from './implementation.ts';

const RBAC = 'rbac.authorization.k8s.io';
const DEPLOYING = join(import.meta.dirname, '..', '..', '..', 'docs', 'deploying.md');

/** The label selectors with which the page has namespaces deleted. */
function selectorsOfDeletions(): string[] {
  const commands = readFileSync(DEPLOYING, 'utf8').matchAll(/^kubectl .*delete namespaces? .*$/gm);
  return [...commands].map(([command]) => /-l (\S+)/.exec(command)?.[1] ?? '');
}

/** What whoever rolls out may do, and above all what not: the cluster says so, whatever Fairlead's own code would do. */
export function rightsSuite(implementation: Implementation): void {
  describeOn(implementation, 'rights', (scene) => {
    let bare: Kube;
    beforeAll(() => {
      bare = new Kube(scene.on.running.connection);
    });
    afterAll(() => bare?.close());

    const refused = async (method: string, path: string, body?: object) => {
      const contentType = method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {};
      const sent = bare.send(method, path, { ...(body && { body }), ...contentType });
      const error = await sent.then(
        () => undefined,
        (thrown) => thrown,
      );
      expect(error, `${method} ${path}`).toMatchObject({ status: 403 });
      return String(error.message);
    };

    const binding = (kind: string, role: string, namespace?: string) => ({
      apiVersion: `${RBAC}/v1`,
      kind,
      metadata: { name: freshName(), ...(namespace && { namespace }) },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
      subjects: [{ apiGroup: RBAC, kind: 'Group', name: scene.on.running.deployers.group }],
    });

    /** A namespace of somebody else, with a Secret. */
    const strangers = async () => {
      const namespace = freshName();
      scene.on.namespaces.add(namespace);
      await scene.on.kubectl('create', 'namespace', namespace);
      await scene.on.kubectl('-n', namespace, 'create', 'secret', 'generic', 'own', '--from-literal=a=b');
      return namespace;
    };

    it('brings an app out in a fresh namespace, and leaves one binding of its own there', async () => {
      const app = freshName();
      await scene.live(app);
      expect(await scene.on.read(app, 'rolebindings', '', '{.items[*].metadata.name}')).toBe(
        'fairlead-deployer',
      );
      const { clusterRole } = scene.on.running.deployers;
      expect(await scene.on.read(app, 'rolebinding', 'fairlead-deployer', '{.roleRef.name}')).toBe(
        clusterRole,
      );
      // As on the day after somebody has taken it away.
      await scene.on.kubectl('-n', app, 'delete', 'rolebinding', 'fairlead-deployer');
      const { answer } = await scene.on.apply(scene.release({ name: app, number: 2, version: 'b' }), 2);
      expect(answer).toMatchObject({ state: 'live' });
    });

    it('reads no Secret of anybody else, and lists none at all', async () => {
      const app = freshName();
      await scene.live(app);
      const theirs = await strangers();
      expect(await refused('GET', `/api/v1/namespaces/${theirs}/secrets/own`)).toContain(
        'cannot get resource "secrets"',
      );
      await refused('GET', '/api/v1/namespaces/kube-system/secrets/any');
      await refused('GET', `/api/v1/namespaces/${app}/secrets`);
      await refused('GET', '/api/v1/secrets');
      await refused('GET', '/api/v1/configmaps');
    });

    it('changes and removes no namespace of anybody else', async () => {
      const theirs = await strangers();
      const labels = { 'app.kubernetes.io/managed-by': 'fairlead' };
      await refused('PATCH', `/api/v1/namespaces/${theirs}`, { metadata: { labels } });
      await refused('DELETE', `/api/v1/namespaces/${theirs}`);
      await refused('PATCH', '/api/v1/namespaces/kube-system', { metadata: { labels } });
    });

    it('gives no rights but those of its one role, and those in no cluster', async () => {
      const app = freshName();
      await scene.live(app);
      const { clusterRole } = scene.on.running.deployers;
      const grants = 'attempting to grant RBAC permissions not currently held';
      for (const namespace of [app, await strangers(), 'kube-system']) {
        const path = `/apis/${RBAC}/v1/namespaces/${namespace}/rolebindings`;
        for (const role of ['cluster-admin', 'edit'])
          expect(await refused('POST', path, binding('RoleBinding', role, namespace))).toContain(grants);
      }
      for (const role of ['cluster-admin', clusterRole])
        await refused('POST', `/apis/${RBAC}/v1/clusterrolebindings`, binding('ClusterRoleBinding', role));
      const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }];
      const role = { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name: 'more' }, rules };
      expect(await refused('POST', `/apis/${RBAC}/v1/namespaces/${app}/roles`, role)).toContain(grants);
    });

    // RBAC cannot say where: docs/security.md says so, and has the admission policy that does.
    it('can bind its one role in a namespace of anybody else, and has its rights there from then on', async () => {
      const theirs = await strangers();
      const secret = `/api/v1/namespaces/${theirs}/secrets/own`;
      await refused('GET', secret);
      const path = `/apis/${RBAC}/v1/namespaces/${theirs}/rolebindings`;
      const own = binding('RoleBinding', scene.on.running.deployers.clusterRole, theirs);
      await bare.send('POST', path, { body: own });
      const read = () =>
        bare.send('GET', secret).then(
          () => 200,
          ({ status }) => status,
        );
      await expect.poll(read, { timeout: 10_000 }).toBe(200);
      await scene.on.kubectl('-n', theirs, 'delete', 'rolebinding', own.metadata.name);
      await expect.poll(read, { timeout: 10_000 }).toBe(403);
    });

    it('tells the namespaces that it made from those that were handed over, as the page does that deletes them', async () => {
      const app = freshName();
      await scene.live(app);
      const theirs = await strangers();
      await scene.on.kubectl('label', 'namespace', theirs, 'app.kubernetes.io/managed-by=fairlead');
      expect(
        (await scene.on.apply(scene.release({ name: theirs, number: 1, version: 'a' }), 1)).answer,
      ).toMatchObject({ state: 'live' });
      const selectors = selectorsOfDeletions();
      expect(selectors.length).toBeGreaterThan(1);
      for (const selector of selectors) {
        const names = await scene.on.kubectl('get', 'namespaces', '-l', selector, '-o', 'name');
        expect(names.split(/\s+/)).toContain(`namespace/${app}`);
        expect(names.split(/\s+/)).not.toContain(`namespace/${theirs}`);
      }
    });

    it('takes over no namespace, and goes into one that is handed over', async () => {
      const { on, release } = scene;
      const theirs = await strangers();
      const { answer } = await on.apply(release({ name: theirs, number: 1, version: 'a' }), 1);
      expect(answer).toMatchObject({
        state: 'failed',
        blame: 'elsewhere',
        reason: expect.stringContaining(
          `kubectl label namespace ${theirs} app.kubernetes.io/managed-by=fairlead`,
        ),
      });
      expect(await on.read(theirs, 'rolebindings', '', '{.items[*].metadata.name}')).toBe('');
      await on.kubectl('label', 'namespace', theirs, 'app.kubernetes.io/managed-by=fairlead');
      const second = release({ name: theirs, number: 2, version: 'a' });
      expect((await on.apply(second, 2)).answer).toMatchObject({ state: 'live' });
      expect((await on.ask({ do: 'remove', release: second }, 3)).answer).toEqual({ state: 'removed' });
      await on.kubectl('-n', theirs, 'get', 'secret', 'own');
    });

    it('removes a namespace that it made with the binding, and may be told so twice', async () => {
      const { on, release } = scene;
      const app = freshName();
      await scene.live(app);
      const order = { do: 'remove', release: release({ name: app, number: 2, version: 'b' }) } as const;
      expect((await on.ask(order, 2)).answer).toEqual({ state: 'removed' });
      expect((await on.ask(order, 2)).answer).toEqual({ state: 'removed' });
      await expect
        .poll(() => on.kubectl('get', 'namespaces', '-o', 'name'), { timeout: 180_000 })
        .not.toContain(app);
      expect((await on.ask(order, 2)).answer).toEqual({ state: 'removed' });
    });
  });
}

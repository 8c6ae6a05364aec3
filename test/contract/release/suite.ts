import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { applyFenced } from '../../../lib/kube/write.ts';
import { IDENTITY } from '../../../lib/release/labels.ts';
import { phasesOf } from '../../../lib/release/phases.ts';
import { Cluster } from '../../../lib/rollout/cluster.ts';
import { FULL, make } from '../../unit/release/making.ts';
import { type Implementation, kubectl, type Running } from '../rollout/implementation.ts';

/** What is rendered of an app that says everything is what the cluster takes, from the one who rolls out. */
export function renderSuite({ name, missing, start }: Implementation): void {
  describe.skipIf(missing !== undefined)(
    `${name} takes what is rendered${missing ? `: ${missing}` : ''}`,
    () => {
      const namespace = `render-${Date.now().toString(36)}`;
      let running: Running;
      beforeAll(async () => {
        running = await start();
        await kubectl(running.kubeconfig, ['create', 'namespace', namespace]);
        await kubectl(running.kubeconfig, [
          'label',
          'namespace',
          namespace,
          'app.kubernetes.io/managed-by=fairlead',
        ]);
      });
      afterAll(async () => {
        await kubectl(running.kubeconfig, ['delete', 'namespace', namespace, '--wait=false']);
        await running.close();
      });

      it.each(['rolling', 'blue-green', 'canary'])('in every phase: %s', async (strategy) => {
        const environment = { name: 'production', namespace };
        const live = make('strategy: blue-green', { environment, serving: make('', { environment }) });
        // Time zones of cron jobs came with Kubernetes 1.25.
        const release = make(`${FULL.replace(', timeZone: Europe/Berlin', '')}\nstrategy: ${strategy}`, {
          environment,
          serving: live,
          quota: { cpu: '2', memory: '4Gi', pods: 10 },
        });
        const kube = new Kube(running.connection);
        const all = [...release.jobs, ...phasesOf(release).flatMap(({ resources }) => resources)];
        const objects = all.filter(({ kind }) => kind !== 'Namespace');
        expect(objects.length).toBeGreaterThan(15);
        for (const { path, resource } of await new Cluster(kube, running.deployers).place(
          objects,
          namespace,
        )) {
          const writing = { fence: 1, identity: IDENTITY, dryRun: true } as const;
          expect(await applyFenced(kube, path, resource, writing)).toMatchObject({ outcome: 'written' });
        }
      });
    },
  );
}

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { deployerRights } from '../../../lib/kube/permissions.ts';
import { LocalCloud } from '../../e2e/harness/cloud.ts';
import { rollbackSuite } from '../../e2e/harness/rollback-suite.ts';

/** The work folder of a running cluster, and the registry that its nodes pull from. */
const directory = process.env.FAIRLEAD_TEST_CLUSTER;
const registry = process.env.FAIRLEAD_TEST_REGISTRY ?? '10.98.0.2:5000';
const kubeconfig = join(directory ?? '', 'admin.conf');

function rights(name: string) {
  const { group, everywhere } = deployerRights();
  const apiGroup = 'rbac.authorization.k8s.io';
  const own = { apiVersion: `${apiGroup}/v1`, metadata: { name } };
  const roleRef = { apiGroup, kind: 'ClusterRole', name };
  const subjects = [{ apiGroup, kind: 'Group', name: group }];
  const role = { ...own, kind: 'ClusterRole', rules: everywhere };
  const binding = { ...own, kind: 'ClusterRoleBinding', roleRef, subjects };
  return { apiVersion: 'v1', kind: 'List', items: [role, binding] };
}

describe.skipIf(directory === undefined)(
  'an app that is brought back on a cluster named by KUBECONFIG',
  { timeout: 240_000 },
  () => {
    const name = `back-${process.pid}`;
    let cloud: LocalCloud;

    const kubectl = (args: string[], input?: string) =>
      execFileSync('kubectl', ['--kubeconfig', kubeconfig, ...args], input === undefined ? {} : { input });

    beforeAll(async () => {
      // Under a name of its own as well: whoever runs another pipeline there takes the usual one away when it ends.
      kubectl(['apply', '-f', '-'], JSON.stringify(rights(name)));
      cloud = await LocalCloud.start({ KUBECONFIG: kubeconfig }, ['--registry', registry]);
    }, 120_000);
    afterAll(async () => {
      await cloud?.stop();
      kubectl(['delete', 'namespace', name, '--ignore-not-found', '--wait=false']);
      kubectl(['delete', 'clusterrole,clusterrolebinding', name]);
    }, 120_000);

    rollbackSuite({
      name,
      cloud: () => cloud.ready,
      // Kubernetes below 1.30 has no sleep before SIGTERM, so the program itself has to outlast a kube-proxy that is slow
      // to send new connections elsewhere; on a busy machine that is seconds.
      adapt: (source) => {
        expect(source).toMatch(/(3|15) \* time\.Second\)\n/);
        return source.replace('3 * time.Second)\n', '15 * time.Second)\n');
      },
    });
  },
);

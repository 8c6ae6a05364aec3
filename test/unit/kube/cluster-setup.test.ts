import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { clusterSetupYaml } from '../../../bin/commands/deploy/cluster-setup.ts';
import { DEFAULTS } from '../../../lib/config/config.ts';
import type { Kube } from '../../../lib/kube/client.ts';
import { applySetup, clusterSetup } from '../../../lib/kube/cluster-setup.ts';
import { DEPLOYERS, deployerRights } from '../../../lib/kube/permissions.ts';

const EXISTING = {
  is: 'existing',
  name: 'mine',
  endpoint: 'public',
  subnets: [],
  securityGroups: [],
} as const;

const namesOf = (yaml: string) =>
  parseAllDocuments(yaml)
    .map((document) => document.toJS())
    .map(({ kind, metadata }) => `${kind}/${metadata.name}`);

const RIGHTS = [
  'ClusterRole/fairlead-deployer',
  'ClusterRole/fairlead-deployer-app',
  'ClusterRoleBinding/fairlead-deployer',
];

test('nodes for arm64 are asked for in Auto Mode alone', () => {
  expect(namesOf(clusterSetupYaml(DEFAULTS, false))).toEqual([...RIGHTS, 'NodePool/fairlead-arm64']);
  expect(namesOf(clusterSetupYaml({ cluster: EXISTING }, false))).toEqual(RIGHTS);
  expect(namesOf(clusterSetupYaml({ cluster: EXISTING }, true))).toEqual([
    ...RIGHTS,
    'NodePool/fairlead-arm64',
  ]);
});

test('what is printed says just what rolling out needs, with the group of the access entry', () => {
  const [everywhere, inApps, binding] = parseAllDocuments(clusterSetupYaml(DEFAULTS, false)).map((document) =>
    document.toJS(),
  );
  const rights = deployerRights();
  expect(everywhere.rules).toEqual(rights.everywhere);
  expect(inApps.rules).toEqual(rights.inApps.rules);
  expect(binding.roleRef.name).toBe(everywhere.metadata.name);
  expect(binding.subjects).toEqual([
    { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: DEPLOYERS.group },
  ]);
  // Nothing that would let it give itself more.
  expect(JSON.stringify([everywhere.rules, inApps.rules])).not.toMatch(/"\*"|escalate|impersonate/);
});

test('each object is applied where its kind is', async () => {
  const paths: string[] = [];
  const kube = {
    find: async () => undefined,
    send: async (_method: string, path: string) => {
      paths.push(path);
      return {};
    },
  } as unknown as Kube;
  await applySetup(kube, clusterSetup('auto-mode'));
  expect(paths).toEqual([
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/fairlead-deployer',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/fairlead-deployer-app',
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/fairlead-deployer',
    '/apis/karpenter.sh/v1/nodepools/fairlead-arm64',
  ]);
});

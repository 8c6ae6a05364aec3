import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { clusterSetupYaml } from '../../../bin/commands/deploy/cluster-setup.ts';
import { DEFAULTS } from '../../../lib/config/config.ts';
import type { Kube } from '../../../lib/kube/client.ts';
import { applySetup, clusterSetup, lookAtCluster } from '../../../lib/kube/cluster-setup.ts';
import { DEPLOYERS, deployerRights } from '../../../lib/kube/permissions.ts';

const EXISTING = {
  is: 'existing',
  name: 'mine',
  endpoint: 'public',
  subnets: [],
  securityGroups: [],
  loadBalancers: 'internet-facing',
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

test('nodes for arm64 are asked for in Auto Mode alone, and a class for Ingresses in a new cluster alone', () => {
  expect(namesOf(clusterSetupYaml(DEFAULTS, false))).toEqual([
    ...RIGHTS,
    'NodePool/fairlead-arm64',
    'IngressClassParams/alb',
    'IngressClass/alb',
  ]);
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
  await applySetup(kube, clusterSetup({ nodes: 'auto-mode', ingress: 'internal' }));
  expect(paths).toEqual([
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/fairlead-deployer',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/fairlead-deployer-app',
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/fairlead-deployer',
    '/apis/karpenter.sh/v1/nodepools/fairlead-arm64',
    '/apis/eks.amazonaws.com/v1/ingressclassparams/alb',
    '/apis/networking.k8s.io/v1/ingressclasses/alb',
  ]);
});

test.each(['internet-facing', 'internal'] as const)(
  'load balancers of the class are %s, as is said',
  (of) => {
    const objects = clusterSetup({ nodes: 'auto-mode', ingress: of }) as { kind: string; spec?: object }[];
    const params = objects.find(({ kind }) => kind === 'IngressClassParams');
    expect(params?.spec).toEqual({ scheme: of });
  },
);

const OURS = { metadata: { name: 'alb', labels: { 'app.kubernetes.io/managed-by': 'fairlead' } } };

test.each([
  ['there is none', [], { nodes: 'auto-mode', ingress: 'internal' }],
  ['it is ours', [OURS], { nodes: 'auto-mode', ingress: 'internal' }],
  ['there is one of somebody else', [OURS, { metadata: { name: 'nginx' } }], { nodes: 'auto-mode' }],
])('the class for Ingresses, where %s', async (_, items, found) => {
  const get = async (path: string) => (path.endsWith('/ingressclasses') ? { items } : {});
  expect(await lookAtCluster({ get } as unknown as Kube, 'internal')).toEqual(found);
  // Nobody asks in a cluster that was there before.
  expect(await lookAtCluster({ get } as unknown as Kube)).toEqual({ nodes: 'auto-mode' });
});

import { describe, expect, test } from 'vitest';
import { deployment, namesOf, read } from './repository.ts';

const WEB = deployment('web');

function object(apiVersion: string, kind: string, name: string, more = ''): string {
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}${more}}\n`;
}

async function readWith(...documents: string[]) {
  return await read({ 'k8s/a.yaml': [WEB, ...documents].join('---\n') }, 'k8s');
}

describe('kinds', () => {
  test.each([
    ['rbac.authorization.k8s.io/v1', 'ClusterRole', /Role and a RoleBinding/],
    ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', /whole cluster/],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', /administrator/],
    ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', /whole cluster/],
    ['storage.k8s.io/v1', 'StorageClass', /whole cluster/],
    ['v1', 'PersistentVolume', /whole cluster/],
    ['v1', 'Node', /whole cluster/],
    ['v1', 'Pod', /write a Deployment/],
    ['apps/v1', 'ReplicaSet', /write a Deployment/],
    ['batch/v1', 'Job', /helm\.sh\/hook: pre-install,pre-upgrade/],
  ])('%s %s is refused, with its place and what to do', async (apiVersion, kind, expected) => {
    const refused = readWith(object(apiVersion, kind, 'x'));
    await expect(refused).rejects.toThrow(expected);
    await expect(refused).rejects.toThrow(/^k8s\/a\.yaml:11: /);
  });

  test('with names of Fairlead’s are refused, and what it says of objects is not taken from others', async () => {
    await expect(readWith(object('v1', 'ConfigMap', 'fairlead-inventory-shop'))).rejects.toThrow(
      /Fairlead's/,
    );
    const said =
      ', annotations: {fairlead.dev/secrets-manager: x, mine: kept}, labels: {fairlead.dev/track: z, a: b}';
    const own = await readWith(object('v1', 'Secret', 'a', said));
    expect(own.objects[1]?.metadata).toEqual({
      name: 'a',
      namespace: 'shop',
      annotations: { mine: 'kept' },
      labels: { a: 'b' },
    });
  });

  test.each(['ResourceQuota', 'LimitRange'])('a %s in the place of a preview’s is refused', async (kind) => {
    await expect(readWith(object('v1', kind, 'fairlead'))).rejects.toThrow(/Fairlead's/);
    expect(namesOf((await readWith(object('v1', kind, 'own'))).objects)).toContain(`${kind} own`);
  });

  test.each([
    ['v1', '"../../kube-system/configmaps/coredns"', /is no name that a ConfigMap can have/],
    ['v1', '".."', /is no name/],
    ['v1', '"a?b"', /is no name/],
    ['v1', '"a%2fb"', /is no name/],
    ['../v1', 'a', /"\.\.\/v1" is no apiVersion/],
    ['apps/v1/namespaces', 'a', /is no apiVersion/],
  ])('apiVersion %s and the name %s lead nowhere else in the cluster', async (apiVersion, name, why) => {
    await expect(readWith(object(apiVersion, 'ConfigMap', name))).rejects.toThrow(why);
  });

  const RBAC = 'rbac.authorization.k8s.io/v1';
  const role = (rule: string) => `${object(RBAC, 'Role', 'r')}rules: [${rule}]\n`;

  test.each([
    role('{apiGroups: [""], resources: [namespaces], verbs: [get, patch]}'),
    role('{apiGroups: [""], resources: [resourcequotas], verbs: ["*"]}'),
    role('{apiGroups: ["*"], resources: ["*"], verbs: [update]}'),
    role('{apiGroups: [""], resources: [namespaces/status], verbs: [patch]}'),
    `${object(RBAC, 'RoleBinding', 'b')}roleRef: {kind: ClusterRole, name: fairlead-deployer-app}\n`,
  ])('gives no pod what would let it change its own bounds: %j', async (given) => {
    await expect(readWith(given)).rejects.toThrow(/^k8s\/a\.yaml:11: Role.* gives pods the right/);
  });

  test('gives pods what they need', async () => {
    const rules = [
      '{apiGroups: [""], resources: ["*"], verbs: [get, list, watch]}',
      '{apiGroups: [apps], resources: ["*"], verbs: ["*"]}',
    ];
    const own = await readWith(
      role(rules.join(', ')),
      `${object(RBAC, 'RoleBinding', 'b')}roleRef: {kind: Role, name: r}\n`,
    );
    expect(namesOf(own.objects)).toEqual(['Deployment web', 'Role r', 'RoleBinding b']);
  });

  test('of others with the same name are their own business', async () => {
    const own = await readWith(object('example.com/v1', 'Node', 'x'));
    expect(namesOf(own.objects)).toEqual(['Deployment web', 'Node x']);
  });
});

describe('namespaces', () => {
  test('are replaced by the environment’s, in bindings too, and it is said', async () => {
    const binding = `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: prod}
subjects:
- {kind: ServiceAccount, name: mine, namespace: prod}
- {kind: ServiceAccount, name: theirs, namespace: monitoring}
`;
    const own = await readWith(binding);
    expect(own.objects.map(({ metadata }) => metadata.namespace)).toEqual(['shop', 'shop']);
    expect(own.objects[1]?.subjects).toEqual([
      { kind: 'ServiceAccount', name: 'mine', namespace: 'shop' },
      { kind: 'ServiceAccount', name: 'theirs', namespace: 'monitoring' },
    ]);
    expect(own.notices).toEqual(['namespace prod is replaced: everything goes into shop']);
  });

  test('as objects are left out, and it is said', async () => {
    const own = await readWith(
      object('v1', 'Namespace', 'prod'),
      object('v1', 'Service', 'a', ', namespace: prod'),
    );
    expect(namesOf(own.objects)).toEqual(['Deployment web', 'Service a']);
    expect(own.notices).toEqual([expect.stringContaining('Namespace prod is left out')]);
  });

  test('of others are refused', async () => {
    await expect(
      readWith(object('v1', 'Namespace', 'kube-system'), object('v1', 'Service', 'a', ', namespace: prod')),
    ).rejects.toThrow(/Namespace kube-system is not the one/);
    await expect(
      readWith(
        object('v1', 'Service', 'a', ', namespace: one'),
        object('v1', 'Service', 'b', ', namespace: two'),
      ),
    ).rejects.toThrow(/two namespaces, one \(Service a at k8s\/a\.yaml:11\) and two \(Service b/);
  });
});

describe('hooks', () => {
  const hook = (kind: string, name: string, said: string) =>
    object(kind === 'Job' ? 'batch/v1' : 'v1', kind, name, `, annotations: {helm.sh/hook: "${said}"}`);

  test('of tests and of what no release does are left out by name', async () => {
    const own = await readWith(
      hook('Pod', 'smoke', 'test'),
      hook('Job', 'after', 'post-install,post-upgrade'),
      hook('Job', 'migrate', 'pre-install, pre-upgrade'),
    );
    expect(namesOf(own.objects)).toEqual(['Deployment web', 'Job migrate']);
    expect(own.notices).toEqual([
      'Pod smoke is left out: it is a test of the chart',
      expect.stringMatching(/^Job after is left out: it is a hook for post-install, post-upgrade/),
    ]);
  });
});

describe('images', () => {
  test('of others without a digest are told', async () => {
    const digest = `nginx@sha256:${'a'.repeat(64)}`;
    const own = await readWith(deployment('db', 'postgres:17'), deployment('proxy', digest));
    expect(own.notices).toEqual(['image postgres:17 has no digest: what runs may change without a push']);
  });

  test('named like the app count as its own where nothing is marked', async () => {
    const files = { 'k8s/a.yaml': deployment('web', 'registry.example.com:5000/team/shop:1.2') };
    expect((await read(files, 'k8s')).notices).toEqual([]);
    const marked = { 'k8s/a.yaml': `${WEB}---\n${deployment('other', 'team/shop:1')}` };
    expect((await read(marked, 'k8s')).notices).toEqual([expect.stringContaining('team/shop:1')]);
  });
});

test('Secrets with their values are told, without the values', async () => {
  const own = await readWith(`${object('v1', 'Secret', 'token')}stringData: {a: hunter2}\n`);
  expect(own.notices).toEqual([expect.stringMatching(/^Secret token has its values in the manifests/)]);
  expect(own.notices.join()).not.toContain('hunter2');
  expect((await readWith(object('v1', 'Secret', 'empty'))).notices).toEqual([]);
});

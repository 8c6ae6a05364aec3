import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as models from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { DEPLOYERS } from '../../../lib/kube/permissions.ts';
import { identity, MANAGED_BY } from '../../../lib/release/labels.ts';
import { handOver } from '../../../lib/rollout/rights.ts';

const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'security.md');

interface Requirement {
  key: string;
  operator: string;
  values: string[];
}
interface Policy {
  metadata: { name: string };
  spec: {
    matchConstraints: { namespaceSelector: { matchExpressions: Requirement[] }; resourceRules: object[] };
    matchConditions: { expression: string }[];
    validations: { expression: string }[];
  };
}
interface Binding {
  kind: string;
  spec: { policyName: string; validationActions: string[] };
}

const [yaml = ''] = /(?<=```yaml\n)[\s\S]*?ValidatingAdmissionPolicyBinding[\s\S]*?(?=```)/.exec(
  readFileSync(PAGE, 'utf8'),
) ?? [''];
const [policy, binding] = parseAllDocuments(yaml).map((document) => document.toJS()) as [Policy, Binding];

/** Keys of `value` that the API's type of that name does not have, with their paths. */
function unknownKeys(value: unknown, type: string, path = ''): string[] {
  const element = /^Array<(\w+)>$/.exec(type)?.[1];
  if (element !== undefined && Array.isArray(value))
    return value.flatMap((one, at) => unknownKeys(one, element, `${path}[${at}]`));
  const model = (models as unknown as Record<string, { getAttributeTypeMap?(): Attribute[] }>)[type];
  const known = model?.getAttributeTypeMap?.();
  if (known === undefined || value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const attribute = known.find(({ baseName }) => baseName === key);
    return attribute === undefined
      ? [`${path}.${key}`]
      : unknownKeys(inner, attribute.type, `${path}.${key}`);
  });
}
interface Attribute {
  baseName: string;
  type: string;
}

/** Kubernetes, "Labels and Selectors": NotIn also holds where there is no such label. */
function selects(labels: Record<string, string>): boolean {
  return policy.spec.matchConstraints.namespaceSelector.matchExpressions.every(
    ({ key, operator, values }) => operator === 'NotIn' && !values.includes(labels[key] ?? ''),
  );
}

describe('the admission policy of docs/security.md', () => {
  test('has the fields that Kubernetes knows, and is bound', () => {
    expect(unknownKeys(policy, 'V1ValidatingAdmissionPolicy')).toEqual([]);
    expect(unknownKeys(binding, 'V1ValidatingAdmissionPolicyBinding')).toEqual([]);
    expect(unknownKeys({ spec: { matchConstraint: {} } }, 'V1ValidatingAdmissionPolicy')).not.toEqual([]);
    expect(binding.spec).toMatchObject({
      policyName: policy.metadata.name,
      validationActions: ['Deny', 'Audit'],
    });
  });

  test('is about the group that rolls out, and refuses it', () => {
    const [condition] = policy.spec.matchConditions;
    expect(condition?.expression).toBe(`'${DEPLOYERS.group}' in request.userInfo.groups`);
    expect(policy.spec.validations.map(({ expression }) => expression)).toEqual(['false']);
    expect(policy.spec.matchConstraints.resourceRules).toMatchObject([
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['rolebindings'],
      },
    ]);
  });

  test('in namespaces that Fairlead did not make and nobody handed over, and in no other', () => {
    expect(selects({ 'kubernetes.io/metadata.name': 'kube-system' })).toBe(true);
    expect(selects({ [MANAGED_BY]: 'Helm' })).toBe(true);
    expect(selects(identity('shop', 'production'))).toBe(false);
    const [, value = ''] = new RegExp(`${MANAGED_BY}=(\\S+)`).exec(handOver('shop')) ?? [];
    expect(selects({ [MANAGED_BY]: value })).toBe(false);
  });
});

import { expect, it } from 'vitest';
import { adoption, ownsField } from '../../../lib/kube/owner.ts';

const fields = {
  'f:metadata': { 'f:annotations': { 'f:fairlead.dev/fence': {} }, 'f:labels': { 'f:app': {} } },
  'f:spec': {
    'f:replicas': {},
    'f:template': {
      'f:spec': {
        'f:containers': {
          'k:{"name":"web"}': {
            'f:image': {},
            'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { 'f:name': {} } },
          },
        },
      },
    },
    'f:finalizers': { 'v:"x"': {} },
  },
};
const ours = { manager: 'fairlead', operation: 'Apply', fieldsV1: fields };
const object = (...managedFields: object[]) => ({ metadata: { resourceVersion: '7', managedFields } });

it.each([
  ['.spec.replicas', true],
  ['.spec.paused', false],
  ['.metadata.annotations.fairlead.dev/fence', true],
  ['.metadata.annotations.fairlead.dev/other', false],
  ['.spec.template.spec.containers[name="web"].image', true],
  ['.spec.template.spec.containers[name="other"].image', false],
  ['.spec.template.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"].name', true],
  ['.spec.finalizers[="x"]', true],
])('finds %s among the fields that it owns: %s', (field, owned) => {
  expect(ownsField(object(ours), field)).toBe(owned);
  expect(ownsField(object({ ...ours, manager: 'kubectl' }), field)).toBe(false);
});

it('turns what it created into what it applied', () => {
  const created = { manager: 'fairlead', operation: 'Update' };
  const test = { op: 'test', path: '/metadata/resourceVersion', value: '7' };
  expect(adoption(object({ manager: 'kube-controller-manager', operation: 'Update' }, created))).toEqual([
    test,
    { op: 'replace', path: '/metadata/managedFields/1/operation', value: 'Apply' },
  ]);
  expect(adoption(object(created, ours))).toEqual([
    test,
    { op: 'remove', path: '/metadata/managedFields/0' },
  ]);
  expect(adoption(object(ours))).toBeUndefined();
  expect(adoption(object({ ...created, subresource: 'status' }))).toBeUndefined();
  expect(adoption({})).toBeUndefined();
});

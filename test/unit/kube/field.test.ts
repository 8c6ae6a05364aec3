import { expect, it } from 'vitest';
import { takeOut } from '../../../lib/kube/field.ts';

const deployment = () => ({
  metadata: { annotations: { 'fairlead.dev/fence': '7', plain: 'x' } },
  spec: {
    replicas: 2,
    template: {
      spec: {
        containers: [
          { name: 'web', image: 'web:1', ports: [{ containerPort: 80 }, { containerPort: 81, name: 'b' }] },
          { name: 'a "b"', image: 'helper:1' },
        ],
      },
    },
  },
});

it.each([
  ['.spec.replicas', '"replicas":2,'],
  ['.spec.template.spec.containers[name="web"].image', '"image":"web:1",'],
  ['.spec.template.spec.containers[name="a \\"b\\""].image', ',"image":"helper:1"'],
  ['.spec.template.spec.containers[name="web"].ports[containerPort=81,protocol="TCP"].name', ',"name":"b"'],
  ['.metadata.annotations.fairlead.dev/fence', '"fairlead.dev/fence":"7",'],
])('takes out %s, and nothing else', (field, text) => {
  const object = deployment();
  expect(takeOut(object, field)).toBe(true);
  expect(JSON.stringify(object)).toBe(JSON.stringify(deployment()).replace(text, ''));
});

it.each([
  '.spec.paused',
  '.spec.template.spec.containers[name="other"].image',
  '.spec.template.spec.containers[name="web"]',
  '.spec.template.spec.containers[0].image',
  '.metadata.annotations.fairlead.dev/other',
  '',
])('says that it cannot take out %j', (field) => {
  const object = deployment();
  expect(takeOut(object, field)).toBe(false);
  expect(object).toEqual(deployment());
});

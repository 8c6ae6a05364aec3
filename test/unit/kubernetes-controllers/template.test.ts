import { expect, test } from 'vitest';
import { sameTemplate, templateHash } from '../../../local/kubernetes/controllers/deployment/template.ts';
import type { PodTemplate } from '../../../local/kubernetes/controllers/types.ts';

const container = { name: 'web', image: 'web:1' };
const plain: PodTemplate = { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } };

test.each<[string, unknown]>([
  [
    'a null',
    { metadata: { labels: { app: 'web' }, creationTimestamp: null }, spec: { containers: [container] } },
  ],
  [
    'an empty object',
    { metadata: { labels: { app: 'web' } }, spec: { securityContext: {}, containers: [container] } },
  ],
  ['an empty list', { metadata: { labels: { app: 'web' } }, spec: { volumes: [], containers: [container] } }],
  [
    'another order',
    { spec: { containers: [{ image: 'web:1', name: 'web' }] }, metadata: { labels: { app: 'web' } } },
  ],
  [
    'its own hash',
    { metadata: { labels: { app: 'web', 'pod-template-hash': 'x' } }, spec: { containers: [container] } },
  ],
])('%s does not change the hash', (_, same) => {
  expect(templateHash(same as PodTemplate)).toBe(templateHash(plain));
  expect(sameTemplate(same as PodTemplate, plain)).toBe(true);
});

test.each<[string, PodTemplate]>([
  ['another image', { ...plain, spec: { containers: [{ name: 'web', image: 'web:2' }] } }],
  ['an annotation', { ...plain, metadata: { ...plain.metadata, annotations: { at: 'now' } } }],
  ['a zero', { ...plain, spec: { ...plain.spec, terminationGracePeriodSeconds: 0 } }],
])('%s changes it', (_, other) => {
  expect(templateHash(other)).not.toBe(templateHash(plain));
});

test('a hash can be a part of a name', () => {
  expect(templateHash(plain)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{10}$/);
});

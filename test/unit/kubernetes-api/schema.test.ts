import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apiVersionOf, kinds } from '../../../local/kubernetes/api/kinds.ts';
import { decode, decodeConfiguration } from '../../../local/kubernetes/api/schema/decode.ts';
import { canonicalQuantity } from '../../../local/kubernetes/api/schema/quantity.ts';
import { structOf } from '../../../local/kubernetes/api/schema/types.ts';
import { deployment } from './client.ts';

describe('quantities', () => {
  test.each([
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1024Mi', '1Gi'],
    ['0.5Gi', '512Mi'],
    ['1.5Gi', '1536Mi'],
    ['1000000', '1M'],
    ['0', '0'],
    ['0Mi', '0'],
    ['1e3', '1e3'],
    ['1000000000G', '1E'],
    ['1E', '1E'],
    ['12e6', '12e6'],
    ['1500', '1500'],
    ['100n', '100n'],
    ['-1', '-1'],
    ['.5', '500m'],
    ['1k', '1k'],
    ['1536', '1536'],
  ])('%s is written as %s', (text, canonical) => expect(canonicalQuantity(text)).toBe(canonical));

  test.each(['', 'x', '1x', '1.2.3', '--1', '1 Gi', 'Gi'])('%s is none', (text) =>
    expect(canonicalQuantity(text)).toBeUndefined(),
  );

  test('the canonical form stays what it is', () => {
    const suffix = fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'u', 'n');
    fc.assert(
      fc.property(fc.nat(1e9), suffix, (number, unit) => {
        const once = canonicalQuantity(`${number}${unit}`) ?? '';
        expect(canonicalQuantity(once)).toBe(once);
      }),
    );
  });
});

describe('decoding', () => {
  const struct = structOf('apps/v1', 'Deployment');

  test('tells unknown fields by their paths, and leaves them out', () => {
    const object = structuredClone(deployment('web'));
    Object.assign(object.spec, { replicass: 1 });
    Object.assign(object.spec.template.spec.containers[0] as object, { imagee: 'x' });
    const { value, unknown } = decode(object, struct);
    expect(unknown.sort()).toEqual(['spec.replicass', 'spec.template.spec.containers[0].imagee']);
    expect(decode(value, struct).unknown).toEqual([]);
  });

  test('leaves out what is empty anyway, and keeps what a pointer tells from absent', () => {
    const { value } = decode(
      {
        metadata: { name: 'x', labels: {}, generateName: '', deletionTimestamp: null },
        spec: { replicas: 0, minReadySeconds: 0, strategy: {} },
      },
      struct,
    );
    expect(value).toEqual({ metadata: { name: 'x' }, spec: { replicas: 0, strategy: {} } });
  });

  test('a configuration owns empty values and nulls', () => {
    const config = { metadata: { labels: {} }, spec: { replicas: null, paused: false } };
    expect(decodeConfiguration(config, struct).value).toEqual(config);
  });

  test.each([
    [
      { spec: { replicas: '1' } },
      /cannot unmarshal string into Go struct field spec\.replicas of type int32/,
    ],
    [
      { spec: { template: { spec: { containers: {} } } } },
      /cannot unmarshal object into Go struct field spec\.template\.spec\.containers/,
    ],
    [
      { metadata: { labels: { a: 1 } } },
      /cannot unmarshal number into Go struct field metadata\.labels\.a of type string/,
    ],
    [{ spec: 'x' }, /cannot unmarshal string/],
  ])('refuses %j', (json, message) => expect(() => decode(json, struct)).toThrow(message));

  test('every kind has its type', () => {
    for (const kind of kinds) expect(structOf(apiVersionOf(kind), kind.kind).fields.size).toBeGreaterThan(0);
  });
});

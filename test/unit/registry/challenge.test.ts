import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChallenge } from '../../../lib/registry/challenge.ts';

test.each([
  [null, undefined],
  ['', undefined],
  ['Negotiate', undefined],
  ['Basic realm="Registry, of ours"', { scheme: 'basic' }],
  ['basic', { scheme: 'basic' }],
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push",error="invalid_token"',
    {
      scheme: 'bearer',
      realm: 'https://auth.docker.io/token',
      service: 'registry.docker.io',
      scope: 'repository:a/b:pull,push',
      error: 'invalid_token',
    },
  ],
  [
    'Basic realm="x", Bearer realm="https://t/", service=s',
    { scheme: 'bearer', realm: 'https://t/', service: 's' },
  ],
  ['BEARER Realm = "a\\"b"', { scheme: 'bearer', realm: 'a"b' }],
  ['Bearer service="no realm"', undefined],
])('reads %s', (header, expected) => {
  expect(parseChallenge(header)).toEqual(expected);
});

test('always reads what a registry quotes, and never throws', () => {
  const value = fc.string({ unit: fc.constantFrom(...'ab:/,= "\\.') });
  fc.assert(
    fc.property(value, value, (realm, scope) => {
      const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
      const parsed = parseChallenge(`Bearer realm=${quoted(realm)},scope=${quoted(scope)}`);
      expect(parsed).toEqual({ scheme: 'bearer', realm, scope });
    }),
  );
  fc.assert(fc.property(fc.string(), (header) => void parseChallenge(header)));
});

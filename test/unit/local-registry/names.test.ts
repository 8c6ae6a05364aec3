import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RegistryError } from '../../../local/registry/errors.ts';
import { isRepositoryName } from '../../../local/registry/names.ts';
import { routeOf } from '../../../local/registry/routes.ts';
import { digestOf, faultOf, registryForTests } from './registry.ts';

const DIGEST = digestOf('x');

describe('names', () => {
  test.each(['a', 'a/b', 'library/golang', 'a__b', 'a-----b', 'a.b/c_d', '0', 'x'.repeat(255)])(
    '%s',
    (name) => {
      expect(isRepositoryName(name)).toBe(true);
    },
  );

  test.each([
    '',
    'A',
    '/a',
    'a/',
    'a//b',
    '-a',
    'a-',
    'a..b',
    'a___b',
    '.',
    '..',
    'a/../b',
    '_tags',
    'ä',
    'x'.repeat(256),
  ])('not %j', (name) => {
    expect(isRepositoryName(name)).toBe(false);
  });

  test('no path, however odd, reaches outside of a repository', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '/', '.', '_', '%2e', '%2f', '..', 'blobs', ':') }),
        (text) => {
          try {
            const route = routeOf(`/v2/${text}/tags/list`);
            if ('repository' in route) expect(route.repository.split('/')).not.toContain('..');
          } catch (error) {
            expect(error).toBeInstanceOf(RegistryError);
          }
        },
      ),
    );
  });
});

describe('routes', () => {
  test('words of the API may be parts of a name', () => {
    expect(routeOf(`/v2/blobs/manifests/tags/blobs/${DIGEST}`)).toEqual({
      kind: 'blob',
      repository: 'blobs/manifests/tags',
      digest: DIGEST,
    });
    expect(routeOf('/v2/a/blobs/uploads/manifests/v1')).toMatchObject({ repository: 'a/blobs/uploads' });
  });

  test('percent-encoded digests', () => {
    expect(routeOf(`/v2/a/manifests/${encodeURIComponent(DIGEST)}`)).toEqual({
      kind: 'manifest',
      repository: 'a',
      reference: { by: 'digest', digest: DIGEST },
    });
  });
});

describe('requests that cannot be served', () => {
  const { call } = registryForTests();

  test.each([
    ['GET', '/v2/UPPER/tags/list', '400 NAME_INVALID'],
    ['GET', '/v2/a/%zz/tags/list', '400 NAME_INVALID'],
    ['GET', `/v2/a..b/blobs/${DIGEST}`, '400 NAME_INVALID'],
    ['GET', '/v2/a/blobs/sha256:abc', '400 DIGEST_INVALID'],
    ['GET', `/v2/a/blobs/md5:${'0'.repeat(32)}`, '400 DIGEST_INVALID'],
    ['GET', '/v2/a/manifests/sha256:abc', '400 DIGEST_INVALID'],
    ['GET', '/v2/a/manifests/-tag', '400 MANIFEST_INVALID'],
    ['GET', `/v2/a/manifests/${'t'.repeat(129)}`, '400 MANIFEST_INVALID'],
    ['GET', '/v2/a/manifests/none', '404 MANIFEST_UNKNOWN'],
    ['GET', '/v1/', '404 NAME_UNKNOWN'],
    ['POST', '/v2/a/tags/list', '405 UNSUPPORTED'],
    ['PATCH', '/v2/a/manifests/v1', '405 UNSUPPORTED'],
  ])('%s %s is %s', async (method, path, fault) => {
    expect(await faultOf(await call(method, path))).toBe(fault);
  });
});

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { faultOf, OCI_CONFIG, OCI_MANIFEST, registryForTests } from './registry.ts';

describe('lists', () => {
  const { call, blob, put } = registryForTests();
  const TAGS = ['v10', 'V2', 'latest', 'v1', 'Alpha', '_under', 'beta.1', 'beta-1'];
  const SORTED = ['_under', 'Alpha', 'beta-1', 'beta.1', 'latest', 'v1', 'v10', 'V2'];

  beforeAll(async () => {
    for (const name of ['one', 'one/two/three', 'two']) {
      const config = await blob(name, '{}', OCI_CONFIG);
      const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] };
      for (const tag of name === 'one' ? TAGS : ['x']) expect((await put(name, tag, image)).status).toBe(201);
    }
    await blob('blobs-only', 'x');
  });

  test('tags, in the order of the alphabet', async () => {
    const response = await call('GET', '/v2/one/tags/list');
    expect(await response.json()).toEqual({ name: 'one', tags: SORTED });
    expect(response.headers.get('link')).toBeNull();
  });

  test('pages joined by their links are the whole list, whatever their size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 10 }), async (n) => {
        const all: string[] = [];
        let path: string | undefined = `/v2/one/tags/list?n=${n}`;
        while (path !== undefined) {
          const response: Response = await call('GET', path);
          const { tags } = (await response.json()) as { tags: string[] };
          expect(tags.length).toBeLessThanOrEqual(n);
          all.push(...tags);
          path = /^<(.+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
        }
        expect(all).toEqual(SORTED);
      }),
      { numRuns: 10 },
    );
  });

  test('n=0 is empty, last alone is the rest, a bad n is refused', async () => {
    expect(await (await call('GET', '/v2/one/tags/list?n=0')).json()).toEqual({ name: 'one', tags: [] });
    const rest = await call('GET', '/v2/one/tags/list?last=v1');
    expect(await rest.json()).toEqual({ name: 'one', tags: ['v10', 'V2'] });
    expect((await call('GET', '/v2/one/tags/list?n=many')).status).toBe(400);
  });

  test('an unknown repository', async () => {
    expect(await faultOf(await call('GET', '/v2/nobody/tags/list'))).toBe('404 NAME_UNKNOWN');
  });

  test('the catalog has what holds manifests, nested names too, in pages', async () => {
    const names = ['one', 'one/two/three', 'two'];
    expect(await (await call('GET', '/v2/_catalog')).json()).toEqual({ repositories: names });
    const page = await call('GET', '/v2/_catalog?n=2');
    expect(await page.json()).toEqual({ repositories: names.slice(0, 2) });
    const next = /^<(.+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1] ?? '';
    expect(await (await call('GET', next)).json()).toEqual({ repositories: ['two'] });
  });
});

import { describe, expect, test } from 'vitest';
import { parseReference, renderReference } from '../../../lib/image/reference.ts';
import { candidates } from '../../../lib/registry/mirrors.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { faultOf, useRegistries } from './fixture.ts';
import { AMD64, imageOf, layerOf, QUICK } from './images.ts';
import { answering, droppingIt, error } from './scripted-registry.ts';

const start = useRegistries();
const names = (reference: string, mirrors: Record<string, string>) =>
  candidates(parseReference(reference), mirrors).map(renderReference);

describe('where an image is looked for', () => {
  test.each([
    [
      'golang:1.22',
      { '*': 'localhost:5000' },
      ['localhost:5000/docker.io/library/golang:1.22', 'docker.io/library/golang:1.22'],
    ],
    [
      'golang:1.22',
      { 'docker.io': 'm.example/cache/' },
      ['m.example/cache/docker.io/library/golang:1.22', 'docker.io/library/golang:1.22'],
    ],
    [
      'golang:1.22',
      { 'docker.io': 'a.example', '*': 'b.example' },
      ['a.example/docker.io/library/golang:1.22', 'docker.io/library/golang:1.22'],
    ],
    [
      'golang:1.22',
      { 'docker.io': '123456789012.dkr.ecr.eu-west-1.amazonaws.com' },
      [
        '123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker.io/library/golang:1.22',
        'docker.io/library/golang:1.22',
      ],
    ],
    ['quay.io/x/y:1', { 'docker.io': 'a.example' }, ['quay.io/x/y:1']],
    ['localhost:5000/x:1', { '*': 'localhost:5000' }, ['localhost:5000/x:1']],
    ['localhost:6000/x:1', { '*': 'localhost:5000' }, ['localhost:6000/x:1']],
  ])('%s with %o', (reference, mirrors, expected) => {
    expect(names(reference, mirrors)).toEqual(expected);
  });
});

describe('resolving through a mirror', () => {
  test('takes what the mirror has, and remembers that it was there', async () => {
    const mirror = await start();
    const image = imageOf(layerOf(10));
    const registries = new Registries({ mirrors: { '*': mirror.host }, patience: QUICK });
    await registries.publish(image, `${mirror.host}/docker.io/library/golang`, ['1.22']);
    const base = await registries.resolve('golang:1.22', AMD64);
    expect(base.digest).toBe(image.digest);
    expect(base.layers[0]?.source).toBe(`${mirror.host}/docker.io/library/golang`);
  });

  test.each([
    ['has not got it', answering(404, {}, error('NAME_UNKNOWN')), 'NAME_UNKNOWN'],
    ['does not let us', answering(403, {}, error('DENIED')), 'DENIED'],
    ['is broken', answering(500), '500'],
    ['breaks the connection', droppingIt, 'no answer'],
  ])(
    'goes upstream when the mirror %s, and tells both reasons when that fails too',
    async (_name, script, reason) => {
      const mirror = await start();
      mirror.on('GET', /manifests/, script);
      const registries = new Registries({ mirrors: { 'registry.invalid': mirror.host }, patience: QUICK });
      const fault = await faultOf(registries.resolve('registry.invalid/web:1', AMD64));
      expect(fault.code).toBe('registry/unreachable');
      expect(fault.message).toContain('https://registry.invalid/v2/web/manifests/1');
      expect(fault.message).toMatch(new RegExp(`the mirror before it: http://127.*${reason}`));
      expect(mirror.lines().length).toBeLessThanOrEqual(2);
    },
  );

  test('does not go upstream when what the mirror has cannot be', async () => {
    const mirror = await start();
    mirror.on('GET', /manifests/, answering(200, {}, Buffer.alloc(5_000_000)));
    const registries = new Registries({ mirrors: { 'registry.invalid': mirror.host }, patience: QUICK });
    const fault = await faultOf(registries.resolve('registry.invalid/web:1', AMD64));
    expect(fault.code).toBe('registry/too-large');
  });

  test('does not go upstream when the mirror gives other bytes than it says', async () => {
    const mirror = await start();
    mirror.on(
      'GET',
      /manifests/,
      answering(200, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }, '{}'),
    );
    const registries = new Registries({ mirrors: { 'registry.invalid': mirror.host }, patience: QUICK });
    expect((await faultOf(registries.resolve('registry.invalid/web:1', AMD64))).code).toBe(
      'image/wrong-bytes',
    );
  });
});

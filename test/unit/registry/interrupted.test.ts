import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { Registries } from '../../../lib/registry/registries.ts';
import { faultOf, useRegistries } from './fixture.ts';
import { AMD64, imageOf, layerOf, QUICK } from './images.ts';
import { answering, droppingIt } from './scripted-registry.ts';

const start = useRegistries();
const registries = new Registries({ patience: QUICK });

describe('an upload that is interrupted', () => {
  test('goes on at the offset that the registry has', async () => {
    const registry = await start();
    const layer = layerOf(9_000_000);
    registry.on('PATCH', /uploads/, registry.cutAfter(1_000_000), 1);
    await registries.publish(imageOf(layer), `${registry.host}/web`, ['1']);
    expect(registry.has('web', layer.bytes)).toBe(true);
    const patches = registry.seen.filter(({ method }) => method === 'PATCH').map(({ headers }) => headers);
    expect(patches.map((headers) => [headers['content-range'], headers['content-length']])).toEqual([
      [undefined, String(layer.bytes.length)],
      [`1000000-${layer.bytes.length - 1}`, String(layer.bytes.length - 1_000_000)],
    ]);
  });

  test('starts anew when the registry has forgotten it', async () => {
    const registry = await start();
    const layer = layerOf(9_000_000);
    registry.on('PATCH', /uploads/, registry.cutAfter(1_000_000), 1);
    registry.on('GET', /uploads/, answering(404), 1);
    await registries.publish(imageOf(layer), `${registry.host}/web`, ['1']);
    expect(registry.has('web', layer.bytes)).toBe(true);
  });

  test('starts anew when the session is gone before anything was sent', async () => {
    const registry = await start();
    const layer = layerOf(9_000_000);
    registry.on('PATCH', /uploads/, answering(404), 1);
    await registries.publish(imageOf(layer), `${registry.host}/web`, ['1']);
    expect(registry.has('web', layer.bytes)).toBe(true);
  });

  test('is done when only the last answer was lost', async () => {
    const registry = await start();
    const layer = layerOf(100);
    registry.on(
      'PUT',
      /digest=/,
      (request, response) => {
        registry.addBlob('web', layer.bytes);
        droppingIt(request, response);
      },
      1,
    );
    const image = imageOf(layer);
    registry.addBlob('web', Buffer.from(image.configBytes));
    await registries.publish(image, `${registry.host}/web`, ['1']);
    expect(registry.lines(/^PUT .*digest=/)).toHaveLength(1);
  });

  test('fails as temporary when the connection breaks each time', async () => {
    const registry = await start();
    registry.on('PATCH', /uploads/, droppingIt);
    const fault = await faultOf(
      registries.publish(imageOf(layerOf(9_000_000)), `${registry.host}/web`, ['1']),
    );
    expect(fault).toMatchObject({ code: 'registry/unreachable', temporary: true });
    expect(registry.lines(/^PATCH/)).toHaveLength(QUICK.attempts);
    expect(registry.lines(/^PUT .*manifests/)).toEqual([]);
  });
});

describe('a temporary fault', () => {
  test.each([
    ['a server error', 'HEAD', /blobs/, answering(500)],
    ['a server error on the manifest', 'PUT', /manifests/, answering(503)],
    ['too many requests', 'POST', /uploads/, answering(429, { 'retry-after': 0 })],
    ['a dropped connection', 'POST', /uploads/, droppingIt],
  ] as const)('passes: %s', async (_name, method, path, script) => {
    const registry = await start();
    registry.on(method, path, script, 2);
    const image = imageOf(layerOf(10));
    await registries.publish(image, `${registry.host}/web`, ['1']);
    expect(registry.manifests.get('web:1')?.bytes).toEqual(image.manifestBytes);
  });

  test('waits as long as the registry asks', async () => {
    const registry = await start();
    registry.on('PUT', /manifests/, answering(429, { 'retry-after': 1 }), 1);
    const before = performance.now();
    await registries.publish(imageOf(), `${registry.host}/web`, ['1']);
    expect(performance.now() - before).toBeGreaterThan(990);
  });

  test('does not wait for longer than its patience', async () => {
    const registry = await start();
    registry.on('PUT', /manifests/, answering(429, { 'retry-after': 3600 }));
    const fault = await faultOf(registries.publish(imageOf(), `${registry.host}/web`, ['1']));
    expect(fault).toMatchObject({ code: 'registry/rate-limited', temporary: true });
    expect(registry.lines(/^PUT .*manifests/)).toHaveLength(1);
  });
});

describe('a download that is interrupted', () => {
  const setUp = async () => {
    const registry = await start();
    const layer = layerOf(9_000_000);
    await registries.publish(imageOf(layer), `${registry.host}/web`, ['1']);
    const [open] = (await registries.resolve(`${registry.host}/web:1`, AMD64)).layers.map((one) => one.open);
    const half = layer.bytes.subarray(0, 1_000_000);
    registry.on(
      'GET',
      new RegExp(layer.descriptor.digest),
      (request, response) => {
        response.writeHead(200, { 'content-length': layer.bytes.length });
        response.write(half, () => request.socket.destroy());
      },
      1,
    );
    return { registry, layer, open: open as () => Promise<NodeJS.ReadableStream> };
  };

  test('goes on where it was', async () => {
    const { registry, layer, open } = await setUp();
    expect((await buffer(await open())).equals(layer.bytes)).toBe(true);
    const asked = registry.seen.filter(
      ({ method, url }) => method === 'GET' && url.includes(layer.descriptor.digest),
    );
    expect(asked.map(({ headers }) => /^bytes=\d+-$/.test(headers.range ?? ''))).toEqual([false, true]);
  });

  test('goes on when the registry knows no ranges', async () => {
    const { registry, layer, open } = await setUp();
    registry.on('GET', new RegExp(layer.descriptor.digest), answering(200, {}, layer.bytes));
    expect((await buffer(await open())).equals(layer.bytes)).toBe(true);
  });
});

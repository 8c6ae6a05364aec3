import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { OCI_LAYER_GZIP } from '../../../lib/image/media-types.ts';
import type { Layer } from '../../../lib/image/types.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { useRegistries } from './fixture.ts';
import { imageOf, QUICK } from './images.ts';
import { answering, type Script } from './scripted-registry.ts';

const start = useRegistries();
const MIB = 1024 * 1024;

const swallowing: Script = async (request, response) => {
  const location = request.url ?? '';
  for await (const _ of request);
  response.writeHead(202, { location }).end();
};

test('a large blob is not held in memory on its way out', async () => {
  const registry = await start();
  registry.on('PATCH', /uploads/, swallowing);
  registry.on('PUT', /digest=/, answering(201));
  registry.on('PUT', /manifests/, answering(201));
  const size = 400 * MIB;
  let most = 0;
  function* zeros() {
    const chunk = Buffer.alloc(MIB);
    for (let sent = 0; sent < size; sent += MIB) {
      most = Math.max(most, process.memoryUsage().arrayBuffers);
      yield chunk;
    }
  }
  const digest = `sha256:${'0'.repeat(64)}` as const;
  const layer: Layer = {
    descriptor: { mediaType: OCI_LAYER_GZIP, digest, size },
    diffID: digest,
    open: async () => Readable.from(zeros()),
  };
  const before = process.memoryUsage().arrayBuffers;
  await new Registries({ patience: QUICK }).publish(imageOf(layer), `${registry.host}/web`, ['1']);
  expect(registry.lines(/^PATCH/)).toHaveLength(1);
  expect(most - before).toBeLessThan(200 * MIB);
});

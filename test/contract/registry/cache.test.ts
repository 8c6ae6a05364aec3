import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../../lib/build/build.ts';
import { RemoteCache } from '../../../lib/build/cache/remote-cache.ts';
import { findToolchain } from '../../../lib/build/go/toolchain.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { removeTree } from '../../../lib/sandbox/remove-tree.ts';
import { implementations, type Running } from './implementations.ts';

const toolchain = findToolchain(process.env);

const FILES = {
  Dockerfile: [
    'FROM golang:1 AS build',
    'WORKDIR /src',
    'COPY . .',
    // Flags of its own: packages that came with Go itself do not do.
    'RUN go build -gcflags=all=-l -x -o /app .',
    'FROM scratch',
    'COPY --from=build /app /app',
  ].join('\n'),
  'go.mod': 'module example.com/app\n\ngo 1.19\n',
  'main.go': 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("one") }\n',
};

for (const { name, missing, start } of implementations) {
  describe.skipIf(missing !== undefined || toolchain === undefined)(`a cache in ${name}`, () => {
    let registry: Running;
    let folder: string;
    beforeAll(async () => {
      registry = await start();
      folder = mkdtempSync(join(tmpdir(), 'fairlead-cache-'));
    });
    afterAll(async () => {
      await registry.close();
      removeTree(folder);
    });

    function write(files: Record<string, string>): string {
      const directory = mkdtempSync(join(folder, 'context-'));
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(directory, path)), { recursive: true });
        writeFileSync(join(directory, path), text);
      }
      return directory;
    }

    /** One build on a machine that has nothing. */
    async function run(context: string) {
      const registries = new Registries();
      const repository = `${registry.host}/team/app`;
      const place = { artifacts: registries.artifacts(repository), tag: 'fairlead-cache-linux-test' };
      const remoteCache = new RemoteCache({ from: [place], to: place });
      const cacheDir = join(folder, 'disk');
      removeTree(cacheDir);
      const compiled: string[] = [];
      const undone: string[] = [];
      const image = await build({
        context,
        cacheDir,
        registries,
        remoteCache,
        ...(toolchain === undefined ? {} : { toolchain }),
        onProgress: (event) => {
          if (event.type === 'output' && /\/compile /.test(event.text)) compiled.push(event.text);
          if (event.type === 'step' && !event.cached && event.number > 1) undone.push(event.instruction);
        },
      });
      const publishing = registries.publish(image, repository, ['latest']);
      const saved = await remoteCache.save(publishing);
      return { digest: image.digest, compiled, undone, saved, published: await publishing };
    }

    test('spares the next machine what was done, and lets it compile what changed alone', async () => {
      const context = write(FILES);
      const first = await run(context);
      expect(first.compiled.length).toBeGreaterThan(20);
      const same = await run(context);
      expect(same.digest).toBe(first.digest);
      expect([same.undone, same.published.uploadedBytes, same.saved?.sentBytes]).toEqual([[], 0, 0]);
      const text = FILES['main.go'].replace('one', 'two');
      const changed = await run(write({ ...FILES, 'main.go': text }));
      expect(changed.compiled).toHaveLength(1);
      expect(changed.saved?.sentBytes).toBeLessThan(first.saved?.sentBytes ?? 0);
    }, 120_000);
  });
}

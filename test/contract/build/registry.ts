import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Image } from '../../../lib/image/types.ts';
import { Registries } from '../../../lib/registry/registries.ts';

/** Debian's docker-registry, for both builders to take their bases from. */
export class DebianRegistry {
  readonly directory = mkdtempSync(join(tmpdir(), 'fairlead-registry-'));
  #server: ReturnType<typeof spawn> | undefined;
  host = '';

  async start(): Promise<this> {
    const port = await freePort();
    this.host = `localhost:${port}`;
    const config = {
      version: 0.1,
      storage: { filesystem: { rootdirectory: `${this.directory}/data` } },
      http: { addr: `127.0.0.1:${port}` },
    };
    writeFileSync(join(this.directory, 'config.yml'), JSON.stringify(config));
    this.#server = spawn('/usr/bin/docker-registry', ['serve', join(this.directory, 'config.yml')], {
      stdio: 'ignore',
    });
    for (let attempt = 0; attempt < 100; attempt++) {
      const answers = await fetch(`http://${this.host}/v2/`).then(
        (answer) => answer.ok,
        () => false,
      );
      if (answers) return this;
      await setTimeout(50);
    }
    throw new Error('docker-registry does not answer');
  }

  /** Publishes an image; answers its reference. */
  async publish(image: Image, name: string): Promise<string> {
    await new Registries().publish(image, `${this.host}/${name}`, ['1']);
    return `${this.host}/${name}:1`;
  }

  close(): void {
    this.#server?.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

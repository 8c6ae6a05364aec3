import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Scratch } from '../../../unit/build/support.ts';
import { DebianRegistry } from '../registry.ts';

const missing = existsSync('/usr/bin/docker-registry') ? undefined : 'docker-registry is missing';
const PUBLISH = join(import.meta.dirname, 'publish.ts');
const LAYERS = 5;

describe.skipIf(missing !== undefined)(
  `a build that is killed while it publishes${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    const scratch = new Scratch();
    const registry = new DebianRegistry();
    const context = scratch.directory();
    const cacheDir = scratch.directory();
    beforeAll(async () => {
      await registry.start();
      const lines = ['FROM scratch'];
      for (let layer = 0; layer < LAYERS; layer++) {
        writeFileSync(join(context, `file-${layer}`), randomBytes(4_000_000));
        lines.push(`COPY file-${layer} /`);
      }
      writeFileSync(join(context, 'Dockerfile'), lines.join('\n'));
    });
    afterAll(() => {
      registry.close();
      scratch.close();
    });

    /** Answers what it printed, and how long it took after it had built. */
    async function publish(tag: string, killAfter?: number): Promise<{ said: string; ms: number }> {
      const args = [PUBLISH, context, cacheDir, `${registry.host}/killed`, tag];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
      const closed = new Promise((resolve) => child.once('close', resolve));
      let said = '';
      let built = 0;
      child.stdout.on('data', (chunk) => {
        if (built === 0) {
          built = Date.now();
          if (killAfter !== undefined) void setTimeout(killAfter).then(() => child.kill('SIGKILL'));
        }
        said += chunk;
      });
      await closed;
      return { said, ms: Date.now() - built };
    }

    const ask = (path: string) =>
      fetch(`http://${registry.host}/v2/killed/${path}`, {
        method: 'GET',
        headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
      });

    /** What every tag leads to has to be there. */
    async function isWhole(tag: string): Promise<boolean> {
      const answer = await ask(`manifests/${tag}`);
      if (answer.status === 404) return false;
      const { config, layers } = (await answer.json()) as {
        config: { digest: string };
        layers: { digest: string }[];
      };
      for (const { digest } of [config, ...layers]) {
        const blob = await ask(`blobs/${digest}`);
        expect([digest, blob.status]).toEqual([digest, 200]);
        await blob.body?.cancel();
      }
      return true;
    }

    it('leaves no name of an image that is not whole, and the next one is right', async () => {
      const whole = await publish('whole');
      expect(await isWhole('whole')).toBe(true);
      const outcomes: boolean[] = [];
      for (let share = 0; share < 10; share++) {
        // Other bytes each time, so that there is something to send.
        writeFileSync(join(context, 'file-0'), randomBytes(4_000_000));
        writeFileSync(join(context, 'file-3'), randomBytes(4_000_000));
        await publish(`killed-${share}`, (whole.ms * share) / 10);
        outcomes.push(await isWhole(`killed-${share}`));
      }
      expect(outcomes).toContain(false);
      const { said } = await publish('after');
      expect(said).toMatch(/sha256:/);
      expect(await isWhole('after')).toBe(true);
    }, 180_000);
  },
);

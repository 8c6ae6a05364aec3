import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../../lib/build/build.ts';
import type { RunConfig } from '../../../lib/image/types.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { type Files, filesOf, Scratch } from '../../unit/build/support.ts';
import { CASES, type Case, CONTEXT } from './cases.ts';
import { Docker, type Result, whyNoDocker } from './docker.ts';
import { DebianRegistry } from './registry.ts';

const missing = whyNoDocker();

describe.skipIf(missing !== undefined)(
  `what docker build makes${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    let docker: Docker;
    let registry: DebianRegistry;
    let base: string;
    let scratch: Scratch;
    let cacheDir: string;

    beforeAll(async () => {
      scratch = new Scratch();
      cacheDir = scratch.directory();
      registry = await new DebianRegistry().start();
      base = await registry.publishBase();
      docker = await new Docker().start();
    });
    afterAll(async () => {
      await docker?.close();
      registry?.close();
      scratch?.close();
    });

    it.each(CASES.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
      const context = scratch.context(one.context ?? CONTEXT);
      writeFileSync(
        join(context, 'Dockerfile'),
        one.dockerfile.replaceAll('BASE', (word, at: number, text: string) => {
          // The image, not the variable `$BASE` that it sets.
          return /[$\w{]$/.test(text.slice(0, at)) ? word : base;
        }),
      );
      const expected = await docker.build(context, flagsOf(one));
      expect(comparable(await ours(context, one), one)).toEqual(comparable(expected, one));
    });

    async function ours(context: string, { buildArgs, target }: Case): Promise<Result> {
      const image = await build({
        context,
        cacheDir,
        registries: new Registries(),
        ...(buildArgs === undefined ? {} : { buildArgs }),
        ...(target === undefined ? {} : { target }),
      });
      return { files: await filesOf(image), config: image.config.config ?? {} };
    }
  },
);

function flagsOf({ buildArgs = {}, target }: Case): string[] {
  const args = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  return target === undefined ? args : [...args, '--target', target];
}

function comparable(
  { files, config }: Result,
  { differs }: Case,
): { files: Files; config: Partial<RunConfig> } {
  const kept = Object.entries(files).filter(([path]) => !differs?.files?.test(path));
  const told = Object.entries(config).filter(
    ([key, value]) => !differs?.config?.includes(key) && isTold(key, value),
  );
  return { files: Object.fromEntries(kept), config: Object.fromEntries(told) };
}

// Docker writes what is not set as null, false, '' or [], and names of its own that the OCI has not, or calls deprecated
// and for Windows (ArgsEscaped).
function isTold(key: string, value: unknown): boolean {
  const isEmpty = value === null || value === undefined || value === '' || value === false;
  const others = [
    'Hostname',
    'Domainname',
    'AttachStdin',
    'AttachStdout',
    'AttachStderr',
    'Image',
    'Tty',
    'OpenStdin',
    'ArgsEscaped',
  ];
  return !isEmpty && !others.includes(key) && !(Array.isArray(value) && value.length === 0);
}

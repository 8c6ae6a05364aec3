import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULTS } from '../../../lib/config/config.ts';
import { loadConfig, loadFile } from '../../../lib/config/load.ts';

const define = join(import.meta.dirname, '..', '..', '..', 'lib', 'config', 'define.ts');
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function file(text: string): Promise<string> {
  const path = join(folder, 'fairlead.config.ts');
  await writeFile(path, text);
  return path;
}

describe('fairlead.config.ts', () => {
  test('is run as it is, types and all', async () => {
    await file(`import { defineConfig, type ConfigFile } from ${JSON.stringify(define)};
const apps: ConfigFile['apps'] = 'any';
export default defineConfig({ apps, logDays: 30 });`);
    expect(await loadConfig(folder)).toEqual({
      config: { ...DEFAULTS, logDays: 30 },
      from: { is: 'file', path: join(folder, 'fairlead.config.ts') },
    });
  });

  test('may be absent where defaults serve, and not where it was named', async () => {
    expect(await loadConfig(folder)).toEqual({ config: DEFAULTS, from: { is: 'absent' } });
    await expect(loadFile(join(folder, 'other.ts'))).rejects.toThrow(/other\.ts: there is no such file/);
  });

  test.each([
    [
      'what throws',
      'const none: any = undefined;\n\nexport default { apps: none.x };',
      /config\.ts:3: TypeError/,
    ],
    [
      'a module that is not there',
      "import './nothing.ts';\nexport default {};",
      /Cannot find module|Failed to load|nothing\.ts/,
    ],
    [
      'no configuration',
      'export const apps = 1;',
      /it exports no configuration.*export default defineConfig/,
    ],
    ['a wrong field', "export default { apps: 'all' };", /fairlead\.config\.ts: apps: has to be 'any'/],
  ])('with %s is an error that names the place', async (_what, text, why) => {
    await expect(loadFile(await file(text))).rejects.toThrow(why);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LEFT_OUT, REFUSED, TOP_LEFT_OUT, TOP_REFUSED } from '../../../lib/manifests/compose/keys.ts';
import { serviceSchema } from '../../../lib/manifests/compose/schema.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const text = readFileSync(join(root, 'docs/manifests.md'), 'utf8');

test.each([
  ['mapped', Object.keys(serviceSchema.def.shape)],
  ['left out', Object.keys({ ...LEFT_OUT, ...TOP_LEFT_OUT })],
  ['refused', Object.keys({ ...REFUSED, ...TOP_REFUSED })],
])('docs/manifests.md names every key of a compose file that is %s', (_, keys) => {
  expect(keys.filter((key) => !new RegExp(`\`${key}[\`.:]`).test(text))).toEqual([]);
});

test('docs/manifests.md tells every code of an error', () => {
  const folder = join(root, 'lib/manifests');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const codes = sources.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(/fault\(\s*'([a-z-]+)'/g)].map(
      ([, code = '']) => code,
    ),
  );
  expect(new Set(codes).size).toBeGreaterThan(10);
  expect([...new Set(codes)].filter((code) => !text.includes(`\`manifests/${code}\``))).toEqual([]);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type * as z from 'zod/mini';
import { keysAt } from '../../../lib/app/schema/tell.ts';
import { DEFAULTS } from '../../../lib/config/config.ts';
import { configSchema } from '../../../lib/config/schema.ts';

const text = readFileSync(join(import.meta.dirname, '../../../docs/configuration.md'), 'utf8');
const rows = text.split('\n').filter((line) => line.startsWith('| `'));

/** Every field that has none below it, as `apps[].previews.ttl`. */
function fields(path: readonly string[] = []): string[] {
  const keys = keysAt(configSchema as unknown as z.ZodMiniType, path);
  const isList = path.length === 1 && ['apps', 'hosts'].includes(path[0] ?? '') && !keys.length;
  if (isList) return fields([...path, '0']);
  return keys.length === 0
    ? [path.join('.').replace('.0', '[]')]
    : keys.flatMap((key) => fields([...path, key]));
}

test('the guide has a row for every field, and none for another', () => {
  const told = rows.map((row) => /^\| `([^`]+)`/.exec(row)?.[1]);
  const all = fields().map((field) => field.replace(/^(apps|hosts)\.0/, '$1[]'));
  expect(all.length).toBeGreaterThan(30);
  expect([...all].sort()).toEqual(told.filter((field) => field !== 'apps' && field !== 'hosts').sort());
});

test('the guide tells the defaults that hold', () => {
  const defaultOf = (field: string) =>
    rows
      .find((row) => row.startsWith(`| \`${field}\``))
      ?.split('|')[2]
      ?.trim();
  const { alarms, registry, cluster } = DEFAULTS;
  for (const [name, value] of Object.entries(alarms))
    expect(defaultOf(`alarms.${name}`)).toBe(`\`${value}\``);
  expect(defaultOf('registry.keepImages')).toBe(`\`${registry.keepImages}\``);
  expect(defaultOf('registry.scanning')).toBe(`\`'${registry.scanning}'\``);
  expect(defaultOf('cluster.new.version')).toBe(`\`'${cluster.version}'\``);
  expect(defaultOf('cluster.new.endpoint')).toBe(`\`'${cluster.endpoint}'\``);
  expect(defaultOf('cluster.new.natGateways')).toBe(`\`${cluster.natGateways}\``);
  expect(defaultOf('cluster.loadBalancers')).toBe(`\`'${cluster.loadBalancers}'\``);
  expect(defaultOf('platform')).toBe(`\`'${DEFAULTS.platform}'\``);
  expect(defaultOf('logDays')).toBe(`\`${DEFAULTS.logDays}\``);
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, describe, expect, test } from 'vitest';
import { type Bundle, makeBundle } from '../../../bench/lambda/bundles.ts';
import { bundleOptions } from '../../../lib/stacks/bundle.ts';
import { FUNCTIONS, type FunctionName } from '../../../lib/stacks/functions.ts';

/**
 * KiB that each function reads at its start, at most: a fifth more than it was when this was written. What crosses it is
 * to be wanted, and if it is rarely needed, to be imported late.
 */
const BUDGETS: Readonly<Record<FunctionName, number>> = {
  'receive-push': 140,
  'watch-alarm': 340,
  operate: 360,
  'roll-out': 420,
  sweep: 410,
  deploy: 800,
  'build-image': 1190,
};

const folder = mkdtempSync(join(tmpdir(), 'fairlead-bundles-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(FUNCTIONS)('$name', ({ name, entry }) => {
  let made: Bundle;

  test('starts with no more code than it may', () => {
    made = makeBundle(entry, join(folder, name));
    expect(made.start / 1024).toBeLessThan(BUDGETS[name]);
    // Half of it is a budget that nobody noticed to be out of date.
    expect(made.start / 1024).toBeGreaterThan(BUDGETS[name] / 2);
  });

  test('carries no way to credentials that Lambda does not have', () => {
    expect(made.sources.filter((path) => /credential-provider-(?!env\/)/.test(path))).toEqual([]);
  });
});

test('what a git host waits for is less than 300 KiB in all, without a client of the SDK', () => {
  const { all, sources } = makeBundle('lambdas/receive-push.ts', join(folder, 'whole'));
  expect(all).toBeLessThan(300 * 1024);
  expect(sources.filter((path) => path.includes('@aws-sdk/client-'))).toEqual([]);
  expect(sources).toContain('lib/aws/call.ts');
});

test('errors of a bundle name the functions that they went through', async () => {
  const [entry, directory] = [join(folder, 'thrower.ts'), join(folder, 'thrower')];
  writeFileSync(
    entry,
    `class OutOfInk extends Error {}
     function writeLetter(): never { throw new OutOfInk('empty'); }
     export function handler() { return writeLetter(); }`,
  );
  buildSync(bundleOptions(entry, directory));
  const { handler } = await import(pathToFileURL(join(directory, 'index.mjs')).href);
  const thrown = await new Promise((run) => run(handler())).catch((error: Error) => error);
  expect((thrown as Error).constructor.name).toBe('OutOfInk');
  expect((thrown as Error).stack).toMatch(/at writeLetter .*at handler /s);
});

test('the same sources come to the same bytes', () => {
  const [one, two] = ['one', 'two'].map((name) => {
    buildSync(bundleOptions('lambdas/receive-push.ts', join(folder, name)));
    return readFileSync(join(folder, name, 'index.mjs'), 'utf8');
  });
  expect(one).toBe(two);
});

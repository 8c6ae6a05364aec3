import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..', '..', '..');
const page = readFileSync(join(root, 'docs', 'troubleshooting.md'), 'utf8');
const builder = readFileSync(join(root, 'docs', 'builder.md'), 'utf8');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ts$/.test(name) && !name.includes('node_modules'))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'));
}

/** The words that codes of FairleadError begin with: those that stand after `code:` somewhere, and their like. */
const all = ['lib', 'lambdas', 'bin'].flatMap(sources);
const words = new Set(
  all.flatMap((text) => [...text.matchAll(/code: '([a-z]+)\//g)].map(([, word = '']) => word)),
);
const codes = new Set(
  all.flatMap((text) =>
    [...text.matchAll(/'([a-z]+)\/([a-z]+(?:-[a-z]+)*)'/g)]
      .filter(([, word = '']) => words.has(word))
      .map(([, word, rest]) => `${word}/${rest}`),
  ),
);
/** What looks like a code, and is something else: media types, paths, platforms, names of things. */
const OTHERS = /^(app\/(v|k)|image\/(index|png)|registry\/(v)|docker\/(config))/;
/** Their errors are told in the builder's own page, which another test holds. */
const BUILDER = /^(build|dockerfile|engine|network)\//;

describe('every code of an error that people see', () => {
  test('was found at all', () => {
    expect(codes.size).toBeGreaterThan(100);
    expect([...codes]).toContain('ledger/behind');
  });

  test('is told with what to do about it', () => {
    const told = (code: string) => (BUILDER.test(code) ? builder + page : page).includes(`\`${code}\``);
    const missing = [...codes].filter((code) => !OTHERS.test(code) && !IN_PASSING.has(code) && !told(code));
    expect(missing.sort()).toEqual([]);
  });
});

/** Not codes: each is written like one where it stands. */
const IN_PASSING = new Set(['deploy/production', 'build/image', 'build/vm']);

describe('every code that is told', () => {
  test('is one', () => {
    const told = [...page.matchAll(/`([a-z]+\/[a-z-]+)`/g)].map(([, code = '']) => code);
    expect(told.filter((code) => words.has(code.split('/')[0] ?? '') && !codes.has(code))).toEqual([]);
  });
});

describe('every alarm', () => {
  test('is told', () => {
    const definitions = readFileSync(join(root, 'lib', 'stacks', 'alarm-definitions.ts'), 'utf8');
    const names = [...definitions.matchAll(/name: '([a-z-]+)'/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});

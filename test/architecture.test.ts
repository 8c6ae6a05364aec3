import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** What each folder may import of ours, beside itself. What lies in lib/ itself is open to all of lib/ and lambdas/. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'lib/app': [],
  // AWS's own protocol, for whoever does without its SDK.
  'lib/aws': [],
  'lib/bake': ['lib/kube', 'lib/release'],
  'lib/build': ['lib/dockerfile', 'lib/image', 'lib/network', 'lib/registry', 'lib/sandbox'],
  // It says what is deployed in the words of lib/push, and tells of mistakes as fairlead.yaml's are told of.
  'lib/config': ['lib/app', 'lib/push'],
  'lib/dockerfile': [],
  'lib/engine': ['lib/build', 'lib/image', 'lib/registry', 'lib/source'],
  'lib/image': [],
  'lib/kube': [],
  'lib/ledger': ['lib/bake', 'lib/push', 'lib/release', 'lib/rollout'],
  'lib/manifests': ['lib/app', 'lib/release'],
  // Whom connections may reach is for all who connect by names that a Dockerfile or a push gives.
  'lib/network': [],
  // What people ask, over what the ledger knows.
  'lib/operate': ['lib/ledger', 'lib/push', 'lib/report'],
  'lib/push': [],
  'lib/registry': ['lib/image', 'lib/network'],
  'lib/release': ['lib/app', 'lib/image'],
  'lib/report': [],
  'lib/rollout': ['lib/bake', 'lib/kube', 'lib/release'],
  'lib/sandbox': ['lib/image'],
  // Of CodeCommit it asks AWS.
  'lib/source': ['lib/aws'],
  'lib/stacks': [],
  lambdas: ['lib/*'],
  'local/aws': ['local/*'],
  'local/codecommit': ['local/*'],
  'local/git': ['local/*'],
  'local/kubernetes': ['local/*'],
  'local/lambda': ['local/*'],
  'local/microvm': ['local/*'],
  'local/registry': ['local/*'],
  local: ['local/*'],
  bin: ['lib/*', 'local', 'local/*', 'lambdas'],
};

/** Folders that the CDK's libraries may be imported from: nothing that runs on Lambda carries them. */
const MAY_SYNTHESIZE = ['lib/stacks', 'bin'];

function sources(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|js|mjs)$/.test(name) && !name.includes('node_modules'))
    .map((name) => join(directory, name));
}

/** `lib/build` of `lib/build/plan.ts`, `local/git` of `local/git/git.ts`, `lib` of `lib/errors.ts`. */
function wordOf(file: string): string {
  const [top = '', second = '', ...rest] = file.split('/');
  return rest.length > 0 && (top === 'lib' || top === 'local') ? `${top}/${second}` : top;
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import|import\()\s*['"]([^'"]+)['"]/g)];
  return specifiers.map((match) => match[1] ?? '');
}

const files = ['bin', 'lib', 'lambdas', 'local'].flatMap(sources);
const own = files.flatMap((file) =>
  importsOf(file)
    .filter((specifier) => specifier.startsWith('.') && !specifier.endsWith('.json'))
    .map((specifier) => ({ file, target: relative(root, resolve(root, dirname(file), specifier)) })),
);

function allowed(from: string, target: string): boolean {
  const to = wordOf(target);
  if (from === to) return true;
  // lib/errors.ts, lib/log.ts, lib/host-kind.ts …
  if (to === 'lib') return !from.startsWith('local');
  return (MAY_IMPORT[from] ?? []).some((rule) =>
    rule.endsWith('/*') ? to.startsWith(rule.slice(0, -1)) : rule === to,
  );
}

describe('imports', () => {
  it('were found at all', () => {
    expect(own.length).toBeGreaterThan(100);
  });

  it('go only where the design lets them', () => {
    const wrong = own.filter(({ file, target }) => !allowed(wordOf(file), target));
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
  });

  it('have every folder listed above', () => {
    const words = new Set(files.map(wordOf));
    words.delete('lib');
    expect([...words].filter((word) => !(word in MAY_IMPORT)).sort()).toEqual([]);
  });

  it('bring the CDK only into stacks', () => {
    const wrong = files.filter(
      (file) =>
        !MAY_SYNTHESIZE.includes(wordOf(file)) &&
        importsOf(file).some((name) => name.startsWith('aws-cdk-lib') || name === 'constructs'),
    );
    expect(wrong).toEqual([]);
  });
});

describe('files', () => {
  it('are one idea each, in 250 lines at most', () => {
    const long = files.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 251);
    expect(long).toEqual([]);
  });

  it('have nothing that is yet to be done', () => {
    const open = files.filter((file) => /\b(TODO|FIXME|XXX)\b/.test(readFileSync(join(root, file), 'utf8')));
    expect(open).toEqual([]);
  });

  it('import one another in no circle, but for types', () => {
    const next = new Map<string, string[]>();
    for (const { file, target } of own.filter(({ file, target }) => !isTypeOnly(file, target)))
      next.set(file, [...(next.get(file) ?? []), target]);
    expect([...next.keys()].filter((file) => reaches(file, file, next))).toEqual([]);
  });
});

function isTypeOnly(file: string, target: string): boolean {
  const text = readFileSync(join(root, file), 'utf8');
  const imports = [...text.matchAll(/^(?:import|export)\s([^;]*?)from '([^']+)'/gms)];
  const named = imports.filter(
    ([, , name = '']) => relative(root, resolve(root, dirname(file), name)) === target,
  );
  const isType = (names: string) =>
    names.startsWith('type ') ||
    (names.includes('{') &&
      names
        .replace(/^.*\{|\}.*$/gs, '')
        .split(',')
        .every((name) => name.trim() === '' || name.trim().startsWith('type ')));
  return named.length > 0 && named.every(([, names = '']) => isType(names));
}

function reaches(from: string, to: string, next: ReadonlyMap<string, string[]>): boolean {
  const seen = new Set<string>();
  const todo = [...(next.get(from) ?? [])];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    if (at === to) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    todo.push(...(next.get(at) ?? []));
  }
  return false;
}

describe('the documentation of the builder', () => {
  it('tells every code of an error that is its own', () => {
    const text = readFileSync(join(root, 'docs/builder.md'), 'utf8');
    const codes = files
      .filter((file) => /^lib\/(build|engine|network|sandbox)\//.test(file))
      .flatMap((file) => [
        ...readFileSync(join(root, file), 'utf8').matchAll(/'((?:build|engine|network)\/[a-z-]+)'/g),
      ])
      .map(([, code = '']) => code);
    expect([...new Set(codes)].filter((code) => !text.includes(`\`${code}\``)).sort()).toEqual([]);
  });
});

describe('environment', () => {
  it('is read by lambdas/env.ts, and by nothing else that runs on Lambda', () => {
    const readers = files.filter(
      (file) =>
        /^(lib|lambdas)\//.test(file) && /process\.env\b/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(readers).toEqual(['lambdas/env.ts']);
  });

  it('never says, in lib/ and lambdas/, whether this is one machine or AWS', () => {
    const knowing = files.filter(
      (file) =>
        /^(lib|lambdas)\//.test(file) &&
        /\bis_?local\b|if \(local\b/i.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(knowing).toEqual([]);
  });
});

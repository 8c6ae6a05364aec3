import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseAppFile } from '../../../lib/app/file.ts';
import { publishedSchema } from '../../../lib/app/schema/published.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { FULL } from '../release/making.ts';

interface Schema {
  description?: string;
  default?: unknown;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  $ref?: string;
}

const root = join(import.meta.dirname, '../../..');
const published: Schema = JSON.parse(readFileSync(join(root, 'schema/fairlead.schema.json'), 'utf8'));
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(published);

function reads(text: string): boolean {
  try {
    parseAppFile(text);
    return true;
  } catch (error) {
    if (error instanceof FairleadError) return false;
    throw error;
  }
}

it('is published as it is read: `node bin/write-schema.ts` writes it', () => {
  expect(published).toEqual(publishedSchema());
});

describe('a file that is good', () => {
  it.each([
    '{}',
    FULL,
    'port: none',
    'health: tcp\nliveness: none',
    'health: { command: [/alive] }',
    'scale: {}\nservice: { class: eks.amazonaws.com/nlb }',
    'resources: { limits: { cpu: 2, memory: 1.5Gi } }',
    'env: { A: 1, B: true, C: "" }',
    'strategy: { canary: { steps: [{ percent: 1 }] } }',
    'strategy: { canary: {} }',
    'bake: 90\npatience: 300s\nterminationGracePeriod: 0s',
    'bake: { traffic: { namespace: n, metric: m, dimensions: { a: b } }, alarmTag: { key: k, value: v } }',
    'manifests: deploy/all.yaml',
    'manifests: { kustomize: ./deploy }',
    'manifests: { helm: { chart: charts/web, values: [a.yaml], set: { image.tag: 1, x: true }, release: web } }',
    'manifests: { compose: compose.yaml }',
    'processes: { a: none, b: {} }\njobs: { c: none }\ncron: { d: none }',
    'environments: { production: {}, preview-x: { scale: none, processes: { a: none }, bake: 0 } }',
    'engine: microvm\nplatform: linux/arm64',
  ])('is read, and the schema agrees: %j', (text) => {
    expect(reads(text)).toBe(true);
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
  });
});

describe('a file that is bad', () => {
  it.each([
    'unknown: 1',
    'port: 0',
    'port: "80"',
    'port: 80.5',
    'command: []',
    'command: run',
    'args: [1]',
    'replicas: 0',
    'replicas: 1001',
    'processes: { worker: { replicas: -1 } }',
    'processes: { Worker: {} }',
    'processes: { worker: { processes: {} } }',
    `processes: { ${'a'.repeat(31)}: {} }`,
    'scale: { min: 0 }',
    'scale: { least: 1 }',
    'scale: true',
    'resources: { cpu: 1 }',
    'resources: { requests: { cpu: lots } }',
    'resources: { limits: { memory: -1 } }',
    'health: healthz',
    'health: { command: [] }',
    'health: { path: /x }',
    'service: Ingress',
    'service: { type: Headless }',
    'patience: 4',
    'patience: 3601',
    'patience: 5 m',
    'terminationGracePeriod: -1',
    'capabilities: [cap_chown]',
    'env: { "A B": x }',
    'env: { A: null }',
    'env: { A: [x] }',
    'env: [A=1]',
    'secrets: { A: x }',
    'secrets: { A: {} }',
    'secrets: { A: { secretsManager: "" } }',
    'secrets: { A: { secretsManager: a, kubernetes: b } }',
    'secrets: { A: { kubernetes: B } }',
    'config: { a.json: x }',
    'config: { /a/../b: x }',
    'config: { /a: { b: c } }',
    'ingress: { host: "shop example" }',
    'ingress: { path: shop }',
    'ingress: yes',
    'serviceAccount: { name: x }',
    'security: baseline',
    'user: 0',
    'jobs: [migrate]',
    'jobs: { migrate: { timeout: 0 } }',
    'jobs: { migrate: { retries: 21 } }',
    'jobs: { migrate: { schedule: "@daily" } }',
    'cron: { c: {} }',
    'cron: { c: { schedule: daily } }',
    'cron: { c: { schedule: "* * * *" } }',
    'cron: { c: { schedule: "@daily", concurrency: Forbid } }',
    'strategy: recreate',
    'strategy: { canary: { steps: [] } }',
    'strategy: { canary: { steps: [{ percent: 81 }] } }',
    'strategy: { canary: { steps: [{ seconds: 5 }] } }',
    'bake: soon',
    'bake: { checks: [{ status: 200 }] }',
    'bake: { checks: [{ path: /, status: 99 }] }',
    'bake: { alarmTag: { key: k } }',
    'bake: { traffic: { namespace: n, metric: m, minimum: 0 } }',
    'bake: { unknown: fail }',
    'manifests: /deploy',
    'manifests: ../deploy',
    'manifests: a/../../b',
    'manifests: { helm: {} }',
    'manifests: { kustomize: a, compose: b }',
    'engine: kaniko',
    'platform: linux/riscv64',
    'environments: { preview: { engine: function } }',
    'environments: { preview: { environments: {} } }',
    'environments: { preview: { replicas: 0 } }',
    '[]',
    'text',
  ])('is refused, and the schema agrees: %j', (text) => {
    expect(reads(text)).toBe(false);
    expect(validate(parse(text))).toBe(false);
  });
});

it('agrees with the reader about files of all kinds, but for times that are too long', () => {
  const word = fc.constantFrom(
    ...[
      'none',
      'tcp',
      '/x',
      '30s',
      '99h',
      'rolling',
      'canary',
      'ClusterIP',
      'x',
      'a b',
      '../x',
      '',
      '200-399',
      '@daily',
    ],
    ...[0, -1, 1, 70, 1.5, 100000],
    ...[true, null, {}],
  );
  const names = [...Object.keys(published.properties ?? {}), ...collect(published)];
  const key = fc.constantFrom(...new Set(names), 'A', 'worker', '/f');
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      word,
      fc.array(tie('node'), { maxLength: 2 }),
      fc.dictionary(key, tie('node'), { maxKeys: 3 }),
    ),
  }));
  const top = fc.dictionary(fc.constantFrom(...Object.keys(published.properties ?? {})), tree.node, {
    minKeys: 1,
    maxKeys: 2,
  });
  let good = 0;
  fc.assert(
    fc.property(top, (file) => {
      const text = JSON.stringify(file);
      const agrees = validate(file);
      if (agrees && text.includes('99h')) return;
      if (agrees) good++;
      expect(reads(text)).toBe(agrees);
    }),
    { numRuns: 1500 },
  );
  // Or it would have compared refusals alone.
  expect(good).toBeGreaterThan(30);
});

function collect({ properties = {}, additionalProperties, items, anyOf = [] }: Schema): string[] {
  const inner = [...Object.values(properties), ...anyOf, ...(items ? [items] : [])];
  if (typeof additionalProperties === 'object') inner.push(additionalProperties);
  return [...Object.keys(properties), ...inner.flatMap(collect)];
}

describe('every field', () => {
  const found = walk(published, [], (value) => value);
  it('is described', () => {
    expect(found.length).toBeGreaterThan(60);
    expect(found.filter(({ schema }) => !schema.description).map(({ path }) => path)).toEqual([]);
  });
  it('is what its examples and its default say', () => {
    const values = found.flatMap(({ path, schema, file }) => {
      const said = [...(schema.examples ?? []), ...('default' in schema ? [schema.default] : [])];
      return said.map((value) => ({ path, text: JSON.stringify(file(value)) }));
    });
    expect(values.length).toBeGreaterThan(50);
    const wrong = values.filter(({ text }) => !reads(text) || !validate(JSON.parse(text)));
    expect(wrong).toEqual([]);
  });
});

interface Field {
  path: string;
  schema: Schema;
  /** A file that says `value` there, and else only what it has to. */
  file(value: unknown): unknown;
}

function walk(schema: Schema, path: string[], file: Field['file']): Field[] {
  const { properties = {}, required = [], additionalProperties, items, anyOf = [] } = schema;
  const own = Object.entries(properties).flatMap(([name, inner]) => {
    if (inner.$ref !== undefined) return [];
    const others = required.filter((one) => one !== name).map((one) => [one, sample(properties[one] ?? {})]);
    const wrap = (value: unknown) => file({ ...Object.fromEntries(others), [name]: value });
    return [
      { path: [...path, name].join('.'), schema: inner, file: wrap },
      ...walk(inner, [...path, name], wrap),
    ];
  });
  const each = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  return [
    ...own,
    ...anyOf.flatMap((form) => walk(form, path, file)),
    ...(each ? walk(each, [...path, '*'], (value) => file({ name: value })) : []),
    ...(items ? walk(items, [...path, '0'], (value) => file([value])) : []),
  ];
}

function sample({ examples, anyOf }: Schema & { type?: string; minimum?: number }): unknown {
  if (examples !== undefined) return examples[0];
  return anyOf === undefined ? '/x' : 1;
}

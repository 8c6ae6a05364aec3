import { expect, it } from 'vitest';
import { fieldsThatDiffer } from '../../../lib/rollout/diff.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects of any kind
const diff = (before: any, after: any) => fieldsThatDiffer(before, after);

it.each([
  ['a number', { spec: { replicas: 2 } }, { spec: { replicas: 3 } }, ['.spec.replicas: 2 -> 3']],
  ['nothing', { spec: { a: [1, { b: 2 }] } }, { spec: { a: [1, { b: 2 }] } }, []],
  ['something new', { spec: {} }, { spec: { paused: true } }, ['.spec.paused: nothing -> true']],
  ['something gone', { spec: { paused: true } }, { spec: {} }, ['.spec.paused: true -> nothing']],
  ['a new empty map', { spec: {} }, { spec: { emptyDir: {} } }, ['.spec.emptyDir: nothing -> {}']],
  [
    'an item of a list that has a name, wherever it is',
    {
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    },
    {
      env: [
        { name: 'B', value: '3' },
        { name: 'A', value: '1' },
        { name: 'C', value: '4' },
      ],
    },
    ['.env[B].value: "2" -> "3"', '.env[C]: nothing -> {"name":"C","value":"4"}'],
  ],
  ['a list of words', { args: ['a'] }, { args: ['a', 'b'] }, ['.args: ["a"] -> ["a","b"]']],
  [
    'items without a name, one by one',
    { rules: [{ verbs: ['get'] }] },
    { rules: [{ verbs: ['list'] }] },
    ['.rules[0].verbs: ["get"] -> ["list"]'],
  ],
  [
    'what the API keeps, and what differs from release to release',
    {
      metadata: {
        resourceVersion: '1',
        managedFields: [],
        annotations: { 'fairlead.dev/fence': '1', 'fairlead.dev/release': '1', note: 'a' },
        labels: { 'app.kubernetes.io/version': 'a' },
      },
      status: { a: 1 },
    },
    {
      metadata: {
        resourceVersion: '2',
        managedFields: [{}],
        annotations: { 'fairlead.dev/fence': '2', 'fairlead.dev/release': '2', note: 'b' },
        labels: { 'app.kubernetes.io/version': 'b' },
      },
      status: { a: 2 },
    },
    ['.metadata.annotations[note]: "a" -> "b"'],
  ],
  [
    'annotations that are ours alone, which there were not',
    { metadata: {} },
    { metadata: { annotations: { 'fairlead.dev/fence': '2' } } },
    [],
  ],
])('tells %s', (_, before, after, lines) => {
  expect(diff(before, after)).toEqual(lines);
});

it('never tells what a secret is', () => {
  const lines = diff(
    { kind: 'Secret', data: { A: 'b2xk', GONE: 'Z29uZQ==' } },
    { kind: 'Secret', data: { A: 'bmV3', ADDED: 'YWRkZWQ=' }, stringData: { PLAIN: 'plain' } },
  );
  expect(lines).toEqual([
    '.data[A]: changed',
    '.data[GONE]: removed',
    '.data[ADDED]: added',
    '.stringData[PLAIN]: added',
  ]);
});

it('keeps values and the number of lines short', () => {
  const long = { data: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'x'.repeat(500)])) };
  const lines = diff({ data: {} }, long);
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toBe('and 30 more');
  for (const line of lines) expect(line.length).toBeLessThan(160);
});

it('shows of two images by which digits they differ', () => {
  const name = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/fairlead/web';
  const image = (digit: string) => `${name}@sha256:${digit.repeat(64)}`;
  expect(diff({ image: image('a') }, { image: image('b') })).toEqual([
    `.image: "${name}@sha256:${'a'.repeat(12)}" -> "${name}@sha256:${'b'.repeat(12)}"`,
  ]);
});

import { afterEach, expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { tailOf } from '../../../lib/kube/logs.ts';
import { type Answer, fakeApi, json } from './fake-api.ts';

const REF = { namespace: 'web', pod: 'web-1', container: 'web', run: 'previous' } as const;
const open: { kube: Kube; close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const { kube, close } of open.splice(0)) {
    kube.close();
    await close();
  }
});

async function kubeOf(answer: Answer) {
  const api = await fakeApi(answer);
  const kube = new Kube(api.connection);
  open.push({ kube, close: () => api.close() });
  return { kube, requests: api.requests };
}

/** Cuts as a kubelet does: from the first line that is wanted on (kubernetes, pkg/kubelet/kuberuntime/logs/logs.go). */
const kubelet =
  (log: string): Answer =>
  ({ query }, response) => {
    const lines = log.split('\n').slice(0, -1);
    const wanted = lines.slice(-Number(query.get('tailLines'))).map((line) => `${line}\n`);
    response.end(wanted.join('').slice(0, Number(query.get('limitBytes') ?? Number.POSITIVE_INFINITY)));
  };

const long = (count: number, length: number) =>
  Array.from({ length: count }, (_, index) => `{"line":${index},"text":"${'x'.repeat(length)}"}\n`).join('');

it('asks for the last lines of the right run', async () => {
  const { kube, requests } = await kubeOf(kubelet('one\n\ntwo\nthree\n'));
  expect(await tailOf(kube, REF, 3)).toEqual(['two', 'three']);
  expect(requests[0]?.path).toBe('/api/v1/namespaces/web/pods/web-1/log');
  expect(Object.fromEntries(requests[0]?.query ?? [])).toMatchObject({ container: 'web', previous: 'true' });
});

it.each([
  ['100 lines of 2 KB', 100, 2_000],
  ['100 lines of 100 KB', 100, 100_000],
  ['100 lines of 1 MB', 100, 1_000_000],
])('has the end of a log of %s, and not all of it', async (_, count, length) => {
  const { kube } = await kubeOf(kubelet(`${long(count, length)}panic: boom\n`));
  const lines = await tailOf(kube, REF, 100);
  expect(lines.at(-1)).toBe('panic: boom');
  expect(lines.join('\n').length).toBeLessThanOrEqual(64 * 1024);
  // No half a line stands for a whole one.
  for (const line of lines.slice(0, -1)) expect(line).toMatch(/^\{.*\}$/);
});

it('has the end of a single line that is longer than all that is kept', async () => {
  const { kube } = await kubeOf(kubelet(`${'x'.repeat(100_000)} boom\n`));
  const [line = ''] = await tailOf(kube, REF, 100);
  expect(line.endsWith('x boom')).toBe(true);
});

it('has nothing of a log that the cluster does not have', async () => {
  const { kube } = await kubeOf((_, response) => json(response, 404, { message: 'not found' }));
  expect(await tailOf(kube, REF, 100)).toEqual([]);
});

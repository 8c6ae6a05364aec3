import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AlarmLook } from '../../../lib/bake/types.ts';
import { begunIn, textOf } from '../../../lib/rollout/begun.ts';
import type { Change } from '../../../lib/rollout/diff.ts';
import { object, releaseWith, startFake } from './fake-cluster.ts';

let on: Awaited<ReturnType<typeof startFake>>;
beforeEach(async () => {
  on = await startFake();
});
afterEach(() => on.close());

const config = (name: string, value: number) => object('ConfigMap', name, { data: { value: String(value) } });
const first = () => releaseWith(1, [config('a', 1), config('b', 1)]);
const second = () => releaseWith(2, [config('b', 2), config('c', 2)]);

/** An alarm that the second release sets off as soon as anything of it is there. */
const alarmsBefore = async (): Promise<AlarmLook[]> => {
  const at = (name: string) => on.fake.objects.get(`/api/v1/namespaces/shop/configmaps/${name}`);
  const isTouched = at('b')?.data.value === '2' || at('c') !== undefined;
  return [{ name: 'errors', state: isTouched ? 'ALARM' : 'OK' }];
};

it('keeps what a release changes, and the alarms before it, however often an apply is cut off', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 8, max: 26 }), { maxLength: 3 }), async (cuts) => {
      on.fake.objects.clear();
      await on.ask({ do: 'apply', phase: 0, release: first() });
      const ask = (requests?: number) =>
        on.ask({ do: 'apply', phase: 0, release: second() }, { alarmsBefore }, requests);
      for (const requests of cuts) await ask(requests).catch(() => {});
      const { applied } = (await ask()) as { applied?: { changes: Change[]; before: AlarmLook[] } };
      expect(applied?.changes).toEqual([
        { object: 'ConfigMap b', is: 'changed', fields: ['.data[value]: "1" -> "2"'] },
        { object: 'ConfigMap c', is: 'created', fields: [] },
        { object: 'ConfigMap a', is: 'removed', fields: [] },
      ]);
      expect(applied?.before.filter(({ state }) => state === 'ALARM')).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

it('is not what an earlier claim has found', async () => {
  await on.ask({ do: 'apply', phase: 0, release: first() }, { alarmsBefore });
  await on.ask({ do: 'apply', phase: 0, release: second() }, { alarmsBefore });
  const third = releaseWith(3, [config('b', 3), config('c', 2)]);
  expect(await on.ask({ do: 'apply', phase: 0, release: third }, { alarmsBefore })).toMatchObject({
    applied: {
      changes: [{ object: 'ConfigMap b', is: 'changed', fields: ['.data[value]: "2" -> "3"'] }],
      before: [{ name: 'errors', state: 'ALARM' }],
    },
  });
});

it('does not know again what it could not read the first time', async () => {
  await on.ask({ do: 'apply', phase: 0, release: first() });
  const deaf = { alarmsBefore: async () => undefined };
  await on.ask({ do: 'apply', phase: 0, release: second() }, deaf);
  const { applied } = (await on.ask({ do: 'apply', phase: 0, release: second() }, { alarmsBefore })) as {
    applied?: object;
  };
  expect(applied).not.toHaveProperty('before');
});

it('fits beside the inventory, whatever there is', () => {
  const changes: Change[] = Array.from({ length: 100 }, (_, index) => ({
    object: `ConfigMap ${index}`,
    is: 'changed',
    fields: Array(20).fill('x'.repeat(300)),
  }));
  const before: AlarmLook[] = [
    { name: 'quiet', state: 'OK', reason: 'all is well' },
    { name: 'rings', state: 'ALARM', since: '2026-11-01T10:00:00Z', reason: 'too much' },
  ];
  const text = textOf({ fence: 3, changes, before });
  expect(text.length).toBeLessThan(20_000);
  expect(begunIn(text)).toEqual({
    fence: 3,
    changes: [...changes.slice(0, 1), { object: '… and 99 more objects', is: 'changed', fields: [] }],
    before: [{ name: 'rings', state: 'ALARM', since: '2026-11-01T10:00:00Z' }],
  });
});

it.each([undefined, '', 'null', '{', '{"fence":"3"}', '{"fence":3}'])(
  'is nothing where it says %j',
  (text) => {
    expect(begunIn(text)).toBeUndefined();
  },
);

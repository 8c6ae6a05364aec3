import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { start } from './local-lambda.ts';

const code = `export const handler = async (event) => console.log(JSON.stringify({ message: 'fired', event }));`;

describe('a function that is invoked by the clock', () => {
  test('is told so as EventBridge tells it, again and again, and no more after the end', async () => {
    const lambda = await start({ clock: { code, every: 1 }, other: { code } });
    const fired = () => lambda.heard.filter((entry) => 'record' in entry && entry.record.message === 'fired');
    for (const deadline = Date.now() + 20_000; fired().length < 2 && Date.now() < deadline; ) await sleep(50);
    await lambda.close();
    const [first] = fired();
    expect(new Set(fired().map((entry) => entry.function))).toEqual(new Set(['clock']));
    expect(first).toMatchObject({
      record: { event: { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} } },
    });
    const count = fired().length;
    await sleep(1500);
    expect(fired()).toHaveLength(count);
  });
});

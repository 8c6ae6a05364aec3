import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Strategy } from '../../../local/git/deliveries.ts';
import { git, hostForTests, remoteLines } from './host.ts';

describe('deliveries', () => {
  let strategy: Strategy = (_delivery, send) => send();
  const { url, api, hooks, arrived, host, workingCopy } = hostForTests({
    deliver: (delivery, send) => strategy(delivery, send),
  });
  afterEach(() => {
    strategy = (_delivery, send) => send();
  });

  test('are listed, and redelivered under the same id with today’s secret', async () => {
    await git(await workingCopy(), 'push', '-q', `${url()}/again.git`, 'main');
    const list = async () =>
      (await (await api('again/hooks/1/deliveries')).json()) as {
        id: number;
        guid: string;
        redelivery: boolean;
      }[];
    const [first] = await list();
    expect(first).toMatchObject({
      guid: hooks[0]?.delivery,
      redelivery: false,
      event: 'push',
      status_code: 200,
    });
    host().setSecret('rotated');
    const answer = await api(`again/hooks/1/deliveries/${first?.id}/attempts`, { method: 'POST' });
    expect(answer.status).toBe(202);
    await arrived(2);
    expect(hooks[1]?.delivery).toBe(hooks[0]?.delivery);
    expect(hooks[1]?.text).toBe(hooks[0]?.text);
    const signature = createHmac('sha256', 'rotated')
      .update(hooks[1]?.text ?? '')
      .digest('hex');
    expect(hooks[1]?.headers['x-hub-signature-256']).toBe(`sha256=${signature}`);
    await expect.poll(async () => (await list()).map(({ redelivery }) => redelivery)).toEqual([true, false]);
    const one = await (await api(`again/hooks/1/deliveries/${first?.id}`)).json();
    expect(one).toMatchObject({ id: first?.id, request: { payload: { ref: 'refs/heads/main' } } });
  });

  test('of another repository or number are not found', async () => {
    await git(await workingCopy(), 'push', '-q', `${url()}/mine.git`, 'main');
    await host().repository('yours');
    expect(await (await api('yours/hooks/1/deliveries')).json()).toEqual([]);
    const [mine] = (await (await api('mine/hooks/1/deliveries')).json()) as { id: number }[];
    for (const id of [mine?.id, 99999]) {
      const answer = await api(`yours/hooks/1/deliveries/${id}/attempts`, { method: 'POST' });
      expect(answer.status).toBe(404);
    }
  });

  test('can be duplicated', async () => {
    strategy = async (_delivery, send) => {
      await send();
      return send();
    };
    await git(await workingCopy(), 'push', '-q', `${url()}/twice.git`, 'main');
    expect(hooks.map(({ delivery }) => delivery)).toEqual([hooks[0]?.delivery, hooks[0]?.delivery]);
  });

  test('can be reordered', async () => {
    strategy = async ({ ref }, send) => {
      if (ref === 'refs/heads/a') await delay(100);
      return send();
    };
    await git(await workingCopy(), 'push', '-q', `${url()}/swapped.git`, 'main:a', 'main:b');
    expect(hooks.map(({ payload }) => payload.ref)).toEqual(['refs/heads/b', 'refs/heads/a']);
  });

  test('can be lost, and the pusher hears of it', async () => {
    strategy = async () => ({ kind: 'withheld' });
    const output = await git(await workingCopy(), 'push', `${url()}/lost.git`, 'main');
    expect(hooks).toEqual([]);
    expect(remoteLines(output)).toEqual([
      expect.stringMatching(/^The webhook of refs\/heads\/main was kept back/),
    ]);
  });

  test('are not sent while the repository’s webhook is switched off', async () => {
    const work = await workingCopy();
    await host().repository('off');
    const turn = (active: unknown) =>
      api('off/hooks/1', { method: 'PATCH', body: JSON.stringify({ active }) });
    expect(await (await turn(false)).json()).toMatchObject({ active: false });
    await git(work, 'push', '-q', `${url()}/off.git`, 'main');
    expect(hooks).toEqual([]);
    expect((await turn('yes')).status).toBe(422);
    await turn(true);
    await git(work, 'push', '-q', `${url()}/off.git`, 'main:other');
    expect(hooks.map(({ payload }) => payload.ref)).toEqual(['refs/heads/other']);
  });
});

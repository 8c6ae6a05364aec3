import { expect, it } from 'vitest';
import type { ContainerStatus } from '../../../lib/rollout/containers.ts';
import { countSince } from '../../../lib/rollout/restarts.ts';
import { releaseOf, time } from './state.ts';

const SINCE = new Date(time(100));

const container = (restartCount: number, endedAt: number, more: object = {}) =>
  ({
    name: 'web',
    ready: true,
    restartCount,
    state: { running: {} },
    lastState: { terminated: { exitCode: 1, finishedAt: time(endedAt) } },
    ...more,
  }) as unknown as ContainerStatus;

const pod = (born: number) => ({ metadata: { creationTimestamp: time(born) } }) as never;

it.each<[string, number, ContainerStatus, number]>([
  ['a container that has not ended', 10, container(0, 0, { lastState: {} }), 0],
  ['one that has ended before', 10, container(1, 90), 0],
  ['one that has ended since', 10, container(1, 110), 1],
  ['one that has ended before and since, as a rollout bears it', 10, container(2, 110), 1],
  ['one that goes on ending', 10, container(5, 110), 4],
  ['one of a pod that came since', 105, container(2, 110), 2],
  ['one of a pod of an earlier release', -500, container(9, 110), 1],
  [
    'an init container that has done its work',
    105,
    container(0, 110, { state: { terminated: { exitCode: 0, finishedAt: time(110) } } }),
    0,
  ],
  [
    'one that is down',
    10,
    container(0, 0, {
      ready: false,
      lastState: {},
      state: { terminated: { exitCode: 1, finishedAt: time(101) } },
    }),
    1,
  ],
])('%s', (_, born, status, count) => {
  expect(countSince(pod(born), status, releaseOf(), SINCE)).toBe(count);
});

import { expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { identity, PROCESS, TRACK } from '../../../lib/release/labels.ts';
import type { Release, Track } from '../../../lib/release/types.ts';
import type { ContainerStatus } from '../../../lib/rollout/containers.ts';
import { countSince, restartsSince } from '../../../lib/rollout/restarts.ts';
import { fakeApi, json } from '../kube/fake-api.ts';
import { object } from './fake-cluster.ts';
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

const ids = identity('web', 'production');
const labelsOn = (track: Track) => ({ ...ids, [PROCESS]: 'web', [TRACK]: track });

/** A release whose own Deployment is on `track`. */
function onTrack(track: Track, more: Partial<Release> = {}): Release {
  const name = track === 'stable' ? 'web' : `web-${track}`;
  const selector = labelsOn(track);
  const template = { metadata: { labels: selector }, spec: { containers: [] } };
  const resources = [
    object('Service', 'web', { spec: { selector: { [PROCESS]: 'web', [TRACK]: track } } }),
    object(
      'Deployment',
      name,
      { spec: { replicas: 2, selector: { matchLabels: selector }, template } },
      'apps/v1',
    ),
  ];
  return { ...releaseOf(), app: 'web', environment: 'production', resources, ...more };
}

const CANARY: Partial<Release> = {
  strategy: { kind: 'canary', steps: [{ percent: 50, seconds: 30 }] },
  from: { track: 'stable', deployment: 'web', replicas: 2 },
};

it.each<[string, Release, number, string[]]>([
  ['a rolling release', onTrack('stable'), 0, ['stable']],
  ['a color, and not of the other one', onTrack('green'), 0, ['green']],
  ['a canary, and not of what it stands beside', onTrack('stable', CANARY), 0, ['canary']],
  ['what comes after the canary', onTrack('stable', CANARY), 1, ['stable']],
])('restarts count of %s', async (_, release, phase, expected) => {
  const items = (['stable', 'canary', 'blue', 'green'] as const).map((track) => ({
    metadata: { name: track, namespace: 'shop', labels: labelsOn(track), creationTimestamp: time(10) },
    spec: { restartPolicy: 'Always', containers: [{ name: 'web' }] },
    status: { phase: 'Running', containerStatuses: [container(1, 110)] },
  }));
  const api = await fakeApi(({ path }, response) =>
    // A node that is gone gives no log.
    !path.endsWith('/log')
      ? json(response, 200, { items })
      : expected[0] === 'green'
        ? undefined
        : response.end(),
  );
  const kube = new Kube(api.connection);
  try {
    const found = await restartsSince(kube, release, { since: SINCE, phase });
    expect(found.map(({ pod }) => pod)).toEqual(expected);
    expect(found[0]?.reason).toMatch(/exit/);
  } finally {
    kube.close();
    await api.close();
  }
});

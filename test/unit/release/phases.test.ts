import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withCounts } from '../../../lib/release/counts.ts';
import { phasesOf, wholeOf } from '../../../lib/release/phases.ts';
import { rollbackTo } from '../../../lib/release/rollback.ts';
import type { KubernetesObject, Phase, Release } from '../../../lib/release/types.ts';
import { type Any, FULL, make, one, podTemplates } from './making.ts';
import { Model, type Reach } from './model.ts';
import { violations } from './restricted.ts';

const LIVE = { rolling: make(''), blue: make('strategy: blue-green', { serving: make('') }) };
const GREEN = make('strategy: blue-green', { serving: LIVE.blue });
const CANARY =
  'strategy: { canary: { steps: [{ percent: 10, seconds: 30 }, { percent: 50, seconds: 1m }] } }';

/** `NAME: what it applies, in short; bake, prune`. */
function outline(release: Release): string[] {
  return phasesOf(release).map(({ name, resources, bakeSeconds, prune }) => {
    const what = resources.flatMap(({ kind, metadata, spec }: Any) => {
      const track = spec?.selector?.['fairlead.dev/track'] ?? 'every track';
      if (kind === 'Service' && metadata.name === 'web') return [`Service to ${track}`];
      return kind === 'Deployment' ? [`${spec.replicas} of ${metadata.name}`] : [];
    });
    return `${name}: ${what.join(', ')}; ${bakeSeconds} s${prune ? ', prune' : ''}`;
  });
}

describe('a release is brought out', () => {
  it.each(['strategy: rolling', 'strategy: blue-green', 'strategy: canary'])(
    'straight if it is the first: %s',
    (file) => {
      expect(phasesOf(make(`${file}\nbake: 9`))).toMatchObject([
        { name: 'all', bakeSeconds: 9, prune: true },
      ]);
    },
  );
  it('at once where new pods take the place of old ones', () => {
    expect(outline(make('replicas: 3\nbake: 9', { serving: LIVE.rolling }))).toEqual([
      'all: Service to stable, 3 of web; 9 s, prune',
    ]);
  });
  it('by blue and green', () => {
    const file = 'strategy: blue-green\nbake: 9\nprocesses: { worker: {} }';
    expect(outline(make(file, { serving: LIVE.rolling }))).toEqual([
      'web-blue beside web: Service to stable, 2 of web-blue; 0 s',
      'switch to blue: Service to blue, 2 of web-worker, 2 of web-blue; 9 s, prune',
    ]);
    expect(outline(make(file, { serving: LIVE.blue }))).toEqual([
      'web-green beside web-blue: Service to blue, 2 of web-green; 0 s',
      'switch to green: Service to green, 2 of web-worker, 2 of web-green; 9 s, prune',
    ]);
    expect(outline(make(file, { serving: GREEN }))[1]).toMatch(/^switch to blue/);
  });
  it('by a canary, percent of the pods that take requests', () => {
    expect(outline(make(`${CANARY}\nbake: 9`, { serving: make('replicas: 20') }))).toEqual([
      'canary of 10 %: Service to every track, 3 of web-canary; 30 s',
      'canary of 50 %: Service to every track, 20 of web-canary; 60 s',
      'all: Service to stable, 2 of web; 9 s, prune',
    ]);
  });
  it('by a canary beside a color', () => {
    expect(outline(make(CANARY, { serving: LIVE.blue }))).toEqual([
      'canary of 10 %: Service to every track, 1 of web-canary; 30 s',
      'canary of 50 %: Service to every track, 2 of web-canary; 60 s',
      'web beside web-blue: Service to every track, 2 of web; 0 s',
      'all: Service to stable, 2 of web; 0 s, prune',
    ]);
  });
  it('in place of a color', () => {
    expect(outline(make('', { serving: GREEN }))).toEqual([
      'web beside web-green: Service to green, 2 of web; 0 s',
      'all: Service to stable, 2 of web; 0 s, prune',
    ]);
  });
  it('at once where no requests are at stake', () => {
    expect(phasesOf(make('port: none', { serving: LIVE.rolling }))).toHaveLength(1);
  });
  it('with what its pods refer to in the first phase', () => {
    const [first, second] = phasesOf(make(`${FULL}\nstrategy: canary`, { serving: make(FULL) }));
    expect(first?.resources.map(({ kind }) => kind)).toEqual([
      'Namespace',
      'ServiceAccount',
      'ConfigMap',
      'Secret',
      'Service',
      'Deployment',
    ]);
    expect(second?.resources.map(({ kind }) => kind)).toEqual(['Service', 'Deployment']);
  });
});

describe("the user's own manifests", () => {
  const service = (selector: Record<string, string>): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { selector, ports: [{ port: 80 }] },
  });
  const deployment: KubernetesObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'front', namespace: 'shop' },
    spec: {},
  };
  const own = (selector: Record<string, string>, serving?: Release) =>
    make('manifests: deploy', { own: [service(selector), deployment], ...(serving && { serving }) });
  it('are applied at once while their Services find the same pods', () => {
    expect(phasesOf(own({ app: 'a' }))).toHaveLength(1);
    expect(phasesOf(own({ app: 'a' }, own({ app: 'a' })))).toHaveLength(1);
  });
  it.each([
    ['others than before', own({ app: 'b' }, own({ app: 'a' })), 'Deployment'],
    ['those of manifests, no longer rendered ones', own({ app: 'b' }, LIVE.blue), 'Deployment'],
    [
      'rendered ones, no longer those of manifests',
      make('', { serving: own({ app: 'a' }) }),
      'ServiceAccount,Deployment',
    ],
  ])('have their pods ready before Services find %s', (_, release, kinds) => {
    const [first, last, ...more] = phasesOf(release);
    expect(first?.resources.map(({ kind }) => kind).join()).toBe(`Namespace,${kinds}`);
    expect(first?.workloads).toHaveLength(1);
    expect(last?.resources).toEqual(release.resources);
    expect(more).toEqual([]);
  });
});

describe('the number of pods', () => {
  const replicas = (phase: Phase | undefined, name: string, present: [string, number][]) => {
    if (phase === undefined) throw new Error('no phase');
    return one(withCounts(phase, new Map(present)), 'Deployment', name).spec.replicas;
  };
  it('is what an autoscaler has set, within its bounds', () => {
    const phase = wholeOf(make('scale: { min: 2, max: 9 }', { serving: LIVE.rolling }));
    expect([0, 1, 2, 7, 9, 12].map((now) => replicas(phase, 'web', [['web', now]]))).toEqual([
      2, 2, 2, 7, 9, 9,
    ]);
    expect(replicas(phase, 'web', [])).toBe(2);
  });
  it('is what the file says where nothing scales', () => {
    expect(replicas(wholeOf(make('replicas: 3')), 'web', [['web', 8]])).toBe(3);
  });
  it('of another color is at least that of the one that serves', () => {
    const [beside, last] = phasesOf(make('strategy: blue-green\nscale: {}', { serving: LIVE.rolling }));
    expect(replicas(beside, 'web-blue', [['web', 8]])).toBe(8);
    expect(replicas(last, 'web-blue', [['web-blue', 8]])).toBe(8);
  });
  it('of a canary is its part of all that take requests', () => {
    const [few, half] = phasesOf(make(CANARY, { serving: LIVE.rolling }));
    const beside = (phase: Phase | undefined, now: number) => replicas(phase, 'web-canary', [['web', now]]);
    expect([2, 9, 18, 19].map((now) => beside(few, now))).toEqual([1, 1, 2, 3]);
    expect([1, 2, 9].map((now) => beside(half, now))).toEqual([2, 2, 9]);
  });
});

const step = fc.record({
  strategy: fc.constantFrom(
    'rolling',
    'blue-green',
    'canary',
    '{ canary: { steps: [{ percent: 1 }, { percent: 80 }] } }',
  ),
  replicas: fc.integer({ min: 1, max: 6 }),
  max: fc.option(fc.integer({ min: 6, max: 12 }), { nil: undefined }),
  /** What an autoscaler makes of it once it serves. */
  load: fc.integer({ min: 1, max: 12 }),
  ends: fc.constantFrom('well', 'well', 'superseded', 'badly', 'late'),
  phase: fc.integer({ min: 0, max: 3 }),
  reach: fc.oneof(fc.constant<Reach>('ready'), fc.record({ applied: fc.nat(12) })) as fc.Arbitrary<Reach>,
});

interface Story {
  live?: Release;
  before?: Release;
}

it('never leaves the Service with fewer pods than before and after, whatever follows on what', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      let least = 0;
      const model = new Model((ready) => expect(ready).toBeGreaterThanOrEqual(least));
      const story: Story = {};
      for (const [index, { strategy, replicas, max, load, ends, phase, reach }] of steps.entries()) {
        const scale = max === undefined ? 'none' : `{ min: ${replicas}, max: ${max} }`;
        const { live } = story;
        const release = make(`strategy: ${strategy}\nreplicas: ${replicas}\nscale: ${scale}`, {
          number: index + 1,
          ...(live && { serving: live }),
        });
        if (live !== undefined)
          expect(trackOf(release) === trackOf(live)).toBe(
            release.strategy.kind !== 'blue-green' && trackOf(live) === 'stable',
          );
        expect(phasesOf(release).at(-1)?.resources).toEqual(release.resources);
        least = live === undefined ? 0 : Math.min(least, mostOf(release));
        if (ends === 'superseded' && live !== undefined) {
          model.bringOut(release, { phase, reach });
          continue;
        }
        if (ends === 'badly' && live !== undefined) {
          model.bringOut(release, { phase, reach });
          const back = rollbackTo(live, 100 + index, new Date(0));
          expect(phasesOf(back)).toEqual([wholeOf(back)]);
          model.bringOut(back);
          story.live = back;
        } else {
          model.bringOut(release);
          Object.assign(story, { live: release, before: live });
        }
        least = settle(model, story.live, load);
        if (ends === 'late' && story.before !== undefined && story.live !== undefined) {
          const back = rollbackTo(story.before, 200 + index, new Date(0), story.live);
          least = Math.min(least, mostOf(back));
          model.bringOut(back);
          Object.assign(story, { live: back, before: undefined });
          least = settle(model, back, load);
        }
      }
    }),
    { numRuns: 300 },
  );
});

/** Once a release serves there is nothing else, and an autoscaler does what it does. */
function settle(model: Model, live: Release | undefined, load: number): number {
  if (live === undefined) return 0;
  expect(model.tracks).toEqual([trackOf(live)]);
  expect(model.serving).toEqual([trackOf(live)]);
  const scaler: Any = live.resources.find(({ kind }) => kind === 'HorizontalPodAutoscaler');
  if (scaler !== undefined) {
    const { minReplicas, maxReplicas, scaleTargetRef } = scaler.spec;
    model.scale(scaleTargetRef.name, Math.max(minReplicas, Math.min(maxReplicas, load)));
  }
  return model.ready();
}

function trackOf({ resources }: Release): string {
  return one(resources, 'Service', 'web').spec.selector['fairlead.dev/track'];
}

/** The pods that a release may have: no more of them have to stay. */
function mostOf({ resources }: Release): number {
  const scaler: Any = resources.find(({ kind }) => kind === 'HorizontalPodAutoscaler');
  if (scaler !== undefined) return scaler.spec.maxReplicas;
  return (resources as Any[]).find(({ kind }) => kind === 'Deployment').spec.replicas;
}

it('marks everything of every phase as the release’s own, and locks in all that runs', () => {
  const ids = ['name', 'instance', 'managed-by'].map((name) => `app.kubernetes.io/${name}`);
  fc.assert(
    fc.property(
      fc.constantFrom('rolling', 'blue-green', 'canary'),
      fc.constantFrom(undefined, LIVE.rolling, LIVE.blue, GREEN),
      (strategy, serving) => {
        const release = make(`${FULL}\nstrategy: ${strategy}`, serving && { serving });
        const own = Object.fromEntries(ids.map((id) => [id, release.resources[0]?.metadata.labels?.[id]]));
        for (const { resources } of [...phasesOf(release), { resources: release.jobs }]) {
          for (const { metadata } of resources) expect(metadata.labels).toMatchObject(own);
          for (const { metadata, spec } of podTemplates(resources)) {
            expect(metadata.labels).toMatchObject(own);
            expect(violations(spec)).toEqual([]);
          }
        }
      },
    ),
  );
});

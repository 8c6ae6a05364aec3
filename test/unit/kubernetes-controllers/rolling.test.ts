import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planDeployment, sortOut } from '../../../local/kubernetes/controllers/deployment/plan.ts';
import { planRolling } from '../../../local/kubernetes/controllers/deployment/rolling.ts';
import { boundsOf } from '../../../local/kubernetes/controllers/deployment/strategy.ts';
import { deployment, pod, replicaSet } from './objects.ts';

const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({
  type: 'RollingUpdate' as const,
  rollingUpdate: { maxSurge, maxUnavailable },
});

describe('bounds are rounded as Kubernetes rounds them', () => {
  test.each([
    [3, '25%', '25%', 1, 0],
    [10, '25%', '25%', 3, 2],
    [1, '25%', '25%', 1, 0],
    [4, 0, 0, 0, 1],
    [2, '0%', '10%', 0, 1],
    [5, 2, 1, 2, 1],
  ])('%i replicas, surge %s, unavailable %s', (replicas, surge, unavailable, maxSurge, maxUnavailable) => {
    expect(boundsOf(deployment({ replicas, strategy: rolling(surge, unavailable) }))).toEqual({
      maxSurge,
      maxUnavailable,
    });
  });
});

describe('a rolling update', () => {
  const starting = (size: number) => ({ replicas: size });

  test('grows the new ReplicaSet by the surge first', () => {
    const current = replicaSet('new', 0, starting(0));
    const plan = planRolling(deployment({ strategy: rolling(1, 0) }), current, [replicaSet('old', 3)]);
    expect(plan).toEqual([{ replicaSet: current, replicas: 1 }]);
  });

  test('takes nothing away while the new pod is not available', () => {
    const current = replicaSet('new', 1, starting(1));
    expect(planRolling(deployment({ strategy: rolling(1, 0) }), current, [replicaSet('old', 3)])).toEqual([]);
  });

  test('takes old pods that do not serve at once', () => {
    const broken = replicaSet('broken', 1, starting(1));
    const good = replicaSet('good', 3);
    const current = replicaSet('new', 0, starting(0));
    const plan = planRolling(deployment({ strategy: rolling(1, 0) }), current, [broken, good]);
    expect(plan).toEqual([{ replicaSet: broken, replicas: 0 }]);
  });

  test('always ends, and never leaves its bounds', () => {
    const size = fc.integer({ min: 1, max: 12 });
    const bound = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(size, size, bound, bound, (before, replicas, maxSurge, maxUnavailable) => {
        const wanted = deployment({ replicas, strategy: rolling(maxSurge, maxUnavailable) });
        const bounds = boundsOf(wanted);
        const sizes = new Map([
          ['old', before],
          ['new', 0],
        ]);
        for (let step = 0; step < 100; step += 1) {
          const sets = [...sizes].map(([name, count]) => replicaSet(name, count));
          const [old, current] = sets;
          if (!old || !current) throw new Error('unreachable');
          const plan = planRolling(wanted, current, [old]);
          if (plan.length === 0) break;
          for (const { replicaSet: each, replicas: count } of plan) sizes.set(each.metadata.name, count);
          const total = [...sizes.values()].reduce((sum, count) => sum + count, 0);
          expect(total).toBeLessThanOrEqual(Math.max(before, replicas + bounds.maxSurge));
          expect(total).toBeGreaterThanOrEqual(Math.min(before, replicas - bounds.maxUnavailable));
        }
        expect(Object.fromEntries(sizes)).toEqual({ old: 0, new: replicas });
      }),
    );
  });
});

describe('the next step of a Deployment', () => {
  const recreate = { type: 'Recreate' as const };

  test('a new template gets a ReplicaSet of the size that the surge allows', () => {
    const wanted = deployment({ template: replicaSet('x', 0, undefined, 'v2').spec.template });
    const owned = sortOut(wanted, [replicaSet('old', 3, undefined, 'v1')]);
    expect(planDeployment(wanted, owned, [])).toEqual({ do: 'create', replicas: 1 });
  });

  test('a template that comes back gets its old ReplicaSet', () => {
    const before = replicaSet('old', 0, undefined, 'v1');
    expect(sortOut(deployment(), [before, replicaSet('other', 3, undefined, 'v2')]).current).toBe(before);
  });

  test('Recreate scales down, waits for the pods, and then creates', () => {
    const wanted = deployment({ strategy: recreate });
    const old = replicaSet('old', 3, undefined, 'v0');
    expect(planDeployment(wanted, { current: undefined, old: [old] }, [])).toEqual({
      do: 'scale',
      scalings: [{ replicaSet: old, replicas: 0 }],
    });
    const empty = { current: undefined, old: [replicaSet('old', 0, undefined, 'v0')] };
    expect(planDeployment(wanted, empty, [pod('a')])).toEqual({ do: 'nothing' });
    expect(planDeployment(wanted, empty, [])).toEqual({ do: 'create', replicas: 3 });
  });

  test('a paused one takes no new template, but the new size', () => {
    const owned = { current: undefined, old: [replicaSet('old', 3, undefined, 'v0')] };
    expect(planDeployment(deployment({ paused: true }), owned, [])).toEqual({ do: 'nothing' });
    const plan = planDeployment(deployment({ paused: true, replicas: 5 }), owned, []);
    expect(plan).toMatchObject({ do: 'scale', scalings: [{ replicas: 5 }] });
  });

  test('a new size in the middle of a rollout keeps the proportions', () => {
    const annotated = (name: string, size: number, tag: string) => {
      const each = replicaSet(name, size, undefined, tag);
      each.metadata.annotations = {
        'deployment.kubernetes.io/desired-replicas': '10',
        'deployment.kubernetes.io/max-replicas': '13',
      };
      return each;
    };
    const wanted = deployment({ replicas: 20, strategy: rolling('25%', '25%') });
    const owned = sortOut(wanted, [annotated('old', 8, 'v0'), annotated('new', 5, 'v1')]);
    const plan = planDeployment(wanted, owned, []);
    if (plan.do !== 'scale') throw new Error(plan.do);
    const sizes = plan.scalings.map(({ replicaSet: { metadata }, replicas }) => [metadata.name, replicas]);
    expect(Object.fromEntries(sizes)).toEqual({ old: 15, new: 10 });
  });
});

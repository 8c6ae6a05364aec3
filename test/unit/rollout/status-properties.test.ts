import fc from 'fast-check';
import { expect, it } from 'vitest';
import { status } from '../../../lib/rollout/status.ts';
import { partsOf, type View } from '../../../lib/rollout/view.ts';
import { isComplete } from '../../../lib/rollout/workload.ts';
import { recorded, recordings, verdictOn, viewOf } from './recorded.ts';

const phases = recordings.filter((name) => recorded(name).kind !== 'Job');

/** Several recorded workloads as if they were of one phase at one time, some of them as another claim has left them. */
const view = fc
  .array(
    fc.record({
      name: fc.constantFrom(...phases),
      fence: fc.constantFrom(6, 7, 8),
      release: fc.constantFrom(1, 2),
    }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .chain((chosen) => fc.record({ chosen: fc.constant(chosen), later: fc.integer({ min: -600, max: 600 }) }))
  .map(({ chosen, later }): View => {
    const views = chosen.map(({ name, fence, release }) => {
      const one = viewOf(recorded(name));
      const [workload] = one.workloads;
      Object.assign(workload?.live?.metadata?.annotations ?? {}, {
        'fairlead.dev/fence': String(fence),
        'fairlead.dev/release': String(release),
      });
      return one;
    });
    const [first] = views as [View, ...View[]];
    return {
      ...first,
      workloads: views.flatMap(({ workloads }) => workloads),
      pods: views.flatMap(({ pods }) => pods),
      events: views.flatMap(({ events }) => events),
      now: new Date(first.now.getTime() + later * 1000),
    };
  });

it('is live only when every workload is complete and of this release', () => {
  fc.assert(
    fc.property(view, (seen) => {
      if (status(seen).state !== 'live') return;
      for (const { workload } of partsOf(seen)) {
        expect(isComplete(workload)).toBe(true);
        expect(workload.live?.metadata?.annotations).toMatchObject({ 'fairlead.dev/release': '2' });
      }
    }),
  );
});

it('is superseded whenever a newer claim has written to one of them, by the newest', () => {
  fc.assert(
    fc.property(view, (seen) => {
      const newer = seen.workloads.some(
        ({ live }) => live?.metadata?.annotations?.['fairlead.dev/fence'] === '8',
      );
      const verdict = status(seen);
      expect(verdict.state === 'superseded').toBe(newer);
      if (newer) expect(verdict).toEqual({ state: 'superseded', by: 8 });
    }),
  );
});

it('does not depend on the order in which the cluster lists things', () => {
  fc.assert(
    fc.property(view, (seen) => {
      const turned: View = { ...seen, pods: [...seen.pods].reverse(), events: [...seen.events].reverse() };
      expect(status(turned).state).toBe(status(seen).state);
    }),
  );
});

it('fails for no crash that is older than the release', () => {
  const crashes = phases.filter(
    (name) => name.startsWith('crash') && verdictOn(recorded(name)).state === 'failed',
  );
  fc.assert(
    fc.property(fc.constantFrom(...crashes), fc.integer({ min: 5, max: 3000 }), (name, seconds) => {
      const recording = recorded(name);
      const createdAt = new Date(Date.parse(recording.now) + seconds * 1000);
      const later = { ...recording, createdAt: createdAt.toISOString(), now: createdAt.toISOString() };
      expect(verdictOn(later).state).not.toBe('failed');
    }),
  );
});

it('always has a reason for what is neither live nor going on, in one line', () => {
  fc.assert(
    fc.property(view, (seen) => {
      const verdict = status(seen);
      if (verdict.state === 'failed' || verdict.state === 'unknown')
        expect(verdict.reason).toMatch(/^[^\n]+$/);
    }),
  );
});

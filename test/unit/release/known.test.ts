import { expect, it } from 'vitest';
import { phasesOf } from '../../../lib/release/phases.ts';
import { decode } from '../../../local/kubernetes/api/schema/decode.ts';
import { structOf } from '../../../local/kubernetes/api/schema/types.ts';
import { FULL, make } from './making.ts';

it('renders only fields that Kubernetes has, in values of their types', () => {
  const serving = make('strategy: blue-green', { serving: make() });
  const quota = { cpu: '2', memory: '4Gi', pods: 10 };
  for (const strategy of ['rolling', 'blue-green', 'canary']) {
    const release = make(`${FULL}\nstrategy: ${strategy}`, { serving, quota });
    const objects = [...phasesOf(release).flatMap(({ resources }) => resources), ...release.jobs];
    expect(objects.length).toBeGreaterThan(20);
    for (const object of objects) {
      const { value, unknown } = decode(object, structOf(object.apiVersion, object.kind));
      expect(unknown, `${object.kind} ${object.metadata.name}`).toEqual([]);
      expect(value).toMatchObject({ kind: object.kind });
    }
  }
});

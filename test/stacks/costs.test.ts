import { expect, it } from 'vitest';
import counts from '../../bench/scale/counts.json' with { type: 'json' };
import { idleCounts } from '../../bench/scale/idle.ts';

it('the table of what an idle installation costs counts what its templates have (npm run bench -- scale)', {
  timeout: 120_000,
}, () => {
  expect(counts.idle).toEqual(idleCounts());
});

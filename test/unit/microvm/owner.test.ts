import { expect, test } from 'vitest';
import { ownerOf } from '../../../lib/engine/microvm/owner.ts';
import { previewOfBranch, previewOfPull } from '../../../lib/push/place.ts';

const subject = { app: 'web', delivery: 'd', commit: 'a'.repeat(40) };

function ownerIn(placed: ReturnType<typeof previewOfPull>): string {
  if ('refused' in placed) throw new Error(placed.refused);
  return ownerOf({ subject, environment: placed.place });
}

test('a VM of production is nobody else’s, and that of a fork no other fork’s', () => {
  const production = ownerOf({ subject, environment: { name: 'production', namespace: 'web' } });
  const branches = ['blue', 'green', 'pr-7'].map((branch) => ownerIn(previewOfBranch('web', branch)));
  const forks = [7, 8].map((number) => ownerIn(previewOfPull('web', number)));
  expect(new Set(branches).size).toBe(1);
  expect(new Set([production, ...branches, ...forks]).size).toBe(4);
  expect(ownerOf({ subject })).toBe(production);
});

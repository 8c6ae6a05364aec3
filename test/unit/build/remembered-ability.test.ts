import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { rememberedAbility } from '../../../lib/build/plan/remembered-ability.ts';
import { Store } from '../../../lib/build/store/store.ts';
import type { SandboxAbility } from '../../../lib/sandbox/ability.ts';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const WHOLE: SandboxAbility = { able: true, as: 'root', overlay: 'volatile', network: 'own' };
const HOUR = 3_600_000;

let store: Store;
let probes: number;
beforeEach(() => {
  store = new Store(scratch.directory());
  probes = 0;
});

const ask = (found: SandboxAbility, now?: number) =>
  rememberedAbility(
    store,
    async () => {
      probes += 1;
      return found;
    },
    now,
  );

// It is remembered for this start of the kernel, by which there has to be /proc.
describe.skipIf(process.platform !== 'linux')('whether there is a sandbox', () => {
  it('is tried out once in an hour', async () => {
    expect(await ask(WHOLE, 0)).toEqual(WHOLE);
    expect(await ask({ able: false, why: 'not asked' }, HOUR - 1)).toEqual(WHOLE);
    expect(probes).toBe(1);
    await ask(WHOLE, HOUR);
    expect(probes).toBe(2);
  });

  it.each<SandboxAbility>([
    { able: false, why: 'namespaces are not allowed here' },
    { ...WHOLE, network: 'machine', networkWhy: 'it needs iproute2' },
    { ...WHOLE, overlay: 'none' },
  ])('is tried out each time while something is missing: %o', async (found) => {
    await ask(found);
    expect(await ask(WHOLE)).toEqual(WHOLE);
    expect(probes).toBe(2);
  });
});

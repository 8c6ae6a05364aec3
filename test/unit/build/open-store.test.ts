import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openStore } from '../../../lib/build/store/open-store.ts';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

it('makes a cache that nobody else can look into', () => {
  const { directory } = openStore(join(scratch.directory(), 'new'));
  expect((statSync(directory).mode & 0o777).toString(8)).toBe('700');
});

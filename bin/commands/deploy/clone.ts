import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FairleadError } from '../../../lib/errors.ts';

/** Throws `deploy/no-clone` where `folder` is not the root of a clone of Fairlead. */
export async function checkClone(folder: string): Promise<void> {
  const name = await readFile(join(folder, 'package.json'), 'utf8').then(
    (text) => (JSON.parse(text) as { name?: string }).name,
    () => undefined,
  );
  if (name === 'fairlead') return;
  throw new FairleadError({
    code: 'deploy/no-clone',
    operation: 'looking for the CDK app',
    place: folder,
    cause: 'this folder is not a clone of Fairlead',
    remedy: 'go to the root of the clone, and try again',
  });
}

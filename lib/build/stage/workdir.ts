import { FairleadError } from '../../errors.ts';
import type { StageInput } from '../shared.ts';
import { type Change, newDirectory, parentOf } from '../tree.ts';
import { userOf } from './owners.ts';
import type { StageState } from './stage-state.ts';

/**
 * Makes the working directory and those above it, as far as they are missing; they belong to the stage's USER. Throws
 * `build/bad-workdir` when something else is in the way.
 */
export async function makeWorkdir(
  state: StageState,
  { shared }: StageInput,
  line: number,
): Promise<Change[]> {
  const { tree, config } = state;
  const path = tree.resolve(config.WorkingDir ?? '/', true);
  if (path === undefined) throw badWorkdir(`the symlinks of ${config.WorkingDir} go in circles`);
  const missing: string[] = [];
  let at = path;
  for (; at !== '' && tree.get(at) === undefined; at = parentOf(at)) missing.unshift(at);
  if (at !== '' && tree.get(at)?.type !== 'directory') throw badWorkdir(`/${at} is not a directory`);
  if (missing.length === 0) return [];
  const owner = await userOf(state, shared, line);
  const changes = missing.map((one) => ({ path: one, node: newDirectory(shared.epoch, owner) }));
  tree.apply(changes);
  return changes;
}

function badWorkdir(cause: string): FairleadError {
  return new FairleadError({ code: 'build/bad-workdir', operation: 'building the image', cause });
}

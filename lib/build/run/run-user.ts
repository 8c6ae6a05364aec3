import type { Shared } from '../shared.ts';
import { type Owner, readRows, userOf } from '../stage/owners.ts';
import type { StageState } from '../stage/stage-state.ts';

/** Who a command runs as, with the further groups that he is in. */
export interface RunUser extends Owner {
  groups: number[];
}

/**
 * Who RUN runs as. Other than for files, a number alone is looked up as well, has group 0 where the stage does not know
 * it, and a user without a group is in all that list him (moby, `user.GetExecUser`). Throws `dockerfile/unknown-owner`.
 */
export async function runUserOf(
  state: Pick<StageState, 'config' | 'tree' | 'wholeBase'>,
  shared: Pick<Shared, 'bases' | 'dockerfile'>,
  line: number,
): Promise<RunUser> {
  const { uid, gid } = await userOf(state, shared, line);
  const [user = '', group = ''] = (state.config.User ?? '').split(':');
  if (group !== '') return { uid, gid, groups: [] };
  const rows = (await readRows('etc/passwd', state.tree, shared.bases)) ?? [];
  const row = rows.find(([name, , id]) => name === (user || 'root') || (id !== '' && id === (user || '0')));
  if (row === undefined) return { uid, gid: 0, groups: [] };
  const [name = '', , , own] = row;
  const groups = (await readRows('etc/group', state.tree, shared.bases)) ?? [];
  const listing = groups.filter(([, , , members]) => members?.trim().split(',').includes(name));
  return { uid, gid: Number(own), groups: listing.map(([, , id]) => Number(id)) };
}

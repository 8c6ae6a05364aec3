import { readFileSync } from 'node:fs';
import { fault } from '../../dockerfile/faults.ts';
import type { Shared } from '../shared.ts';
import type { Bases } from '../store/bases.ts';
import type { Tree } from '../tree.ts';
import type { StageState } from './stage-state.ts';

export interface Owner {
  uid: number;
  gid: number;
}

/** A user or group that the stage does not know; the caller adds the line. */
export class UnknownOwner extends Error {}

/**
 * Who `app`, `1000`, `app:staff` or `1000:1000` is in a stage: names are looked up in its /etc/passwd and /etc/group.
 * A number alone is the group's as well, a name brings its own group (BuildKit, `readUser`). Throws UnknownOwner.
 */
export async function findOwner(text: string, tree: Tree, bases: Bases): Promise<Owner> {
  const [user = '', group] = text.split(':');
  const owner = await findUser(user, tree, bases);
  if (group === undefined || group === '') return owner;
  if (/^\d+$/.test(group)) return { ...owner, gid: Number(group) };
  if (group === 'root') return { ...owner, gid: 0 };
  const row = await findRow('etc/group', group, tree, bases);
  return { ...owner, gid: Number(row[2]) };
}

/** Who the stage's USER is. Throws `dockerfile/unknown-owner` at `line`. */
export async function userOf(
  { config, tree, wholeBase }: Pick<StageState, 'config' | 'tree' | 'wholeBase'>,
  { bases, dockerfile }: Pick<Shared, 'bases' | 'dockerfile'>,
  line: number,
): Promise<Owner> {
  const user = config.User ?? '';
  const isKnown = tree.get(tree.resolve('etc/passwd', true) ?? '') !== undefined;
  const isNumber = /^(\d*|root)(:(\d*|root))?$/.test(user);
  const known = isKnown || isNumber || wholeBase === undefined ? tree : await wholeBase();
  return findOwner(user, known, bases).catch((error: unknown) => {
    if (!(error instanceof UnknownOwner)) throw error;
    const remedy = 'make the user before, or use a number';
    throw fault({ file: dockerfile.name, line }, 'unknown-owner', error.message, remedy);
  });
}

async function findUser(user: string, tree: Tree, bases: Bases): Promise<Owner> {
  if (/^\d+$/.test(user)) return { uid: Number(user), gid: Number(user) };
  if (user === 'root' || user === '') return { uid: 0, gid: 0 };
  const row = await findRow('etc/passwd', user, tree, bases);
  return { uid: Number(row[2]), gid: Number(row[3]) };
}

async function findRow(file: string, name: string, tree: Tree, bases: Bases): Promise<string[]> {
  const kind = file === 'etc/group' ? 'group' : 'user';
  const rows = await readRows(file, tree, bases);
  if (rows === undefined) throw new UnknownOwner(`the ${kind} ${name} is unknown: the stage has no /${file}`);
  const row = rows.find(([first]) => first === name);
  if (row === undefined) throw new UnknownOwner(`the ${kind} ${name} is not in the stage's /${file}`);
  return row;
}

/** The home directory of a user in a stage, for HOME in RUN. */
export async function findHome(user: string, tree: Tree, bases: Bases): Promise<string> {
  const [name = ''] = user.split(':');
  if (name === '' || name === 'root' || name === '0') return '/root';
  const rows = (await readRows('etc/passwd', tree, bases)) ?? [];
  return rows.find(([first, , uid]) => first === name || uid === name)?.[5] || '/';
}

/** The fields of a stage's /etc/passwd or /etc/group, line by line; nothing when it has no such file. */
export async function readRows(file: string, tree: Tree, bases: Bases): Promise<string[][] | undefined> {
  const node = tree.get(tree.resolve(file, true) ?? '');
  if (node?.type !== 'file') return undefined;
  await bases.fetch([node]);
  const text = node.content?.from === 'disk' ? readFileSync(node.content.file, 'utf8') : '';
  return text.split('\n').map((line) => line.split(':'));
}

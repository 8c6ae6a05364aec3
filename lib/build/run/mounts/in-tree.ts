import type { RunInstruction } from '../../../dockerfile/types.ts';
import { within } from '../../stage/config.ts';
import type { StageState } from '../../stage/stage-state.ts';
import { join, type Node, newDirectory, parentOf, type Tree } from '../../tree.ts';
import { type MountSource, ONLY_FILE } from './sources.ts';

// The function engine cannot mount: what is to be seen at a target is put there before, and does not count afterwards.

/** The tree that commands see: what is mounted hides what is below it. */
export function withMounted(tree: Tree, sources: readonly MountSource[]): Tree {
  const binds = sources.filter(({ mount }) => mount.type === 'bind');
  if (binds.length === 0) return tree;
  const seen = tree.clone();
  for (const { target, kind, tree: shown } of binds) {
    const at = seen.resolve(target, true) ?? target.slice(1);
    for (let above = parentOf(at); above !== '' && seen.get(above) === undefined; above = parentOf(above))
      seen.set(above, newDirectory(0));
    if (at !== '') seen.remove(at);
    else for (const name of seen.names('')) seen.remove(name);
    const top = shown.get(kind === 'file' ? ONLY_FILE : '');
    if (top !== undefined) seen.set(at, { ...top });
    if (kind === 'directory')
      for (const [path, node] of shown.below('')) seen.set(join(at, path), { ...node });
  }
  return seen;
}

/** Where a RUN has something mounted: absolute paths in the stage. */
export function mountTargets(
  { mounts, line }: RunInstruction,
  state: StageState,
  sources: readonly MountSource[],
): string[] {
  const caches = mounts.filter((mount) => mount.type === 'cache');
  const own = caches.map(({ target }) => within(state.config.WorkingDir, state.expand(target, line)));
  const targets = [...own, ...sources.map(({ target }) => target)];
  return targets.map((target) => `/${state.tree.resolve(target, true) ?? target.slice(1)}`);
}

/** Whether a change is none of the image: in a mount, or a directory that is only there for one. */
export function isMounted(
  path: string,
  node: Node | undefined,
  targets: readonly string[],
  before: Tree,
): boolean {
  const inside = targets.some((target) => `/${path}` === target || `/${path}`.startsWith(`${target}/`));
  if (inside) return true;
  const leadsThere = targets.some((target) => target.startsWith(`/${path}/`));
  return leadsThere && node?.type === 'directory' && before.get(path) === undefined;
}

/** Whether a path is in a bind mount that may not be written to. */
export function isReadOnly(path: string, sources: readonly MountSource[]): boolean {
  return sources.some(
    ({ mount, target }) =>
      mount.type === 'bind' &&
      mount.readOnly &&
      (`/${path}` === target || `/${path}`.startsWith(`${target === '/' ? '' : target}/`)),
  );
}

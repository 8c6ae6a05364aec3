import type { RunInstruction, RunMount } from '../../../dockerfile/types.ts';
import { FairleadError } from '../../../errors.ts';
import type { Layer } from '../../../image/types.ts';
import { treeFrom } from '../../copy/copy-from.ts';
import type { StageInput } from '../../shared.ts';
import { within } from '../../stage/config.ts';
import type { StageState } from '../../stage/stage-state.ts';
import { keyOf } from '../../store/store.ts';
import { type InLayer, join, newDirectory, Tree } from '../../tree.ts';

type SourceMount = RunMount & { type: 'bind' | 'cache' };

/** What a `--mount` shows of a stage, an image or the context. */
export interface MountSource {
  mount: SourceMount;
  /** Where it is mounted: absolute in the stage. */
  target: string;
  /** A file, which then is at `file` in `tree`, or a directory: all of `tree`. */
  kind: 'file' | 'directory';
  tree: Tree;
  /** Names what is in it, for cache keys: the same files have the same. */
  identity: string;
}

/** The name of a single file in its tree. */
export const ONLY_FILE = 'file';

/**
 * What the bind mounts of a RUN, and the caches that begin with something, take their files from. Nothing is read but
 * what the hashes need. Throws `build/no-mount-source`.
 */
export async function mountSources(
  { mounts, line }: RunInstruction,
  state: StageState,
  input: StageInput,
  stages: ReadonlyMap<number, StageState>,
): Promise<MountSource[]> {
  const found: MountSource[] = [];
  for (const mount of mounts) {
    const takes = mount.type === 'bind' || (mount.type === 'cache' && mount.from !== undefined);
    if (!takes) continue;
    const target = within(state.config.WorkingDir, state.expand(mount.target, line));
    found.push({ mount, target, ...(await sourceOf(mount, line, state, input, stages)) });
  }
  return found;
}

async function sourceOf(
  mount: SourceMount,
  line: number,
  state: StageState,
  input: StageInput,
  stages: ReadonlyMap<number, StageState>,
): Promise<Pick<MountSource, 'kind' | 'tree' | 'identity'>> {
  const { shared } = input;
  const path = within('/', state.expand(mount.source ?? '/', line)).slice(1);
  const from = mount.from === undefined ? {} : { from: state.expand(mount.from, line) };
  const whole = await treeFrom({ ...from, line }, [path === '' ? '/' : path], input, stages);
  const at = whole.resolve(path, true);
  const node = at === undefined ? undefined : whole.get(at);
  if (at === undefined || node === undefined)
    throw noSource(path, mount, `${shared.dockerfile.name}:${line}`);
  const tree = node.type === 'directory' ? subtree(whole, at) : new Tree();
  if (node.type !== 'directory') tree.set(ONLY_FILE, node);
  const nodes = [...tree.below('')].map(([, below]) => below);
  // The files of an image are known by the image: they are not fetched to be hashed.
  await shared.hashes.fill(nodes);
  return { kind: node.type === 'directory' ? 'directory' : 'file', tree, identity: identityOf(tree) };
}

function subtree(whole: Tree, at: string): Tree {
  const tree = new Tree();
  tree.set('', whole.get(at) ?? newDirectory(0));
  const begin = at === '' ? 0 : at.length + 1;
  for (const [path, node] of whole.below(at)) tree.set(path.slice(begin), node);
  return tree;
}

function identityOf(tree: Tree): string {
  const rows = [['', tree.get('')] as const, ...tree.below('')].map(([path, node]) => {
    const { type, mode, uid, gid, link, sha, content, capability, special } = node ?? {};
    const bytes = sha ?? (content?.from === 'layer' ? namesOf(content.layer, content) : '');
    return [path, type, mode, uid, gid, link, bytes, capability, special];
  });
  return keyOf(rows);
}

/** What comes once in its layer has the name that it always had. */
function namesOf({ descriptor }: Layer, { path, nth = 0 }: InLayer): unknown[] {
  return nth === 0 ? [descriptor.digest, path] : [descriptor.digest, path, nth];
}

function noSource(path: string, { from }: SourceMount, place: string): FairleadError {
  return new FairleadError({
    code: 'build/no-mount-source',
    operation: 'building the image',
    place,
    cause: `there is no ${join('', path)} in ${from ?? 'the build context'} to be mounted`,
    remedy:
      from === undefined
        ? 'paths are relative to the build context, and .dockerignore may leave some out'
        : `see what ${from} has, and where`,
  });
}

import { closeSync, openSync, readSync } from 'node:fs';
import { fault, notSupported } from '../dockerfile/faults.ts';
import type { CopyInstruction } from '../dockerfile/types.ts';
import { within } from './config.ts';
import { CopyProblem, copyInto } from './copy.ts';
import { findOwner, type Owner, UnknownOwner } from './owners.ts';
import { stageOf } from './plan.ts';
import type { StageInput } from './shared.ts';
import type { StageState } from './stage-state.ts';
import { keyOf } from './store.ts';
import type { Change, Node, Tree } from './tree.ts';
import { isWildcard, matches } from './wildcard.ts';

/**
 * Carries out COPY or ADD on the stage's tree, and answers what changed and the step's key. The files' bytes are on
 * this machine afterwards and their hashes known; nothing is copied. Throws FairleadError at the line.
 */
export async function copyStep(
  instruction: CopyInstruction,
  state: StageState,
  input: StageInput,
  stages: ReadonlyMap<number, StageState>,
): Promise<{ changes: Change[]; key: string }> {
  const { shared } = input;
  const { line, keyword } = instruction;
  const position = { file: shared.dockerfile.name, line };
  const word = (text: string) => state.expand(text, line);
  const sources = instruction.sources.map(word);
  const last = word(instruction.destination);
  const ends = last.endsWith('/') || last.endsWith('/.') || last === '.' || last === '';
  if (sources.length > 1 && !ends) {
    const cause = `${keyword} has ${sources.length} sources, and the destination ${last} does not end with a slash`;
    throw fault(position, 'bad-destination', cause, `write ${last}/`);
  }
  if (keyword === 'ADD') refuseRemote(sources, position);
  const absolute = within(state.config.WorkingDir, last);
  const destination = ends && absolute !== '/' ? `${absolute}/` : absolute;
  try {
    const owner = await ownerOf(instruction, state, input);
    const mode = instruction.chmod === undefined ? undefined : Number.parseInt(word(instruction.chmod), 8);
    const source = await sourceTree(instruction, sources, input, stages);
    const changes = copyInto(state.tree, source, {
      sources,
      destination,
      mtime: shared.epoch,
      ...(owner === undefined ? {} : { owner }),
      ...(mode === undefined ? {} : { mode }),
    });
    const nodes = changes.flatMap(({ node }) => node ?? []);
    await shared.bases.fetch(nodes);
    await shared.hashes.fill(nodes);
    if (keyword === 'ADD') refuseArchives(nodes, sources, position);
    return { changes, key: keyOf(state.key, keyword, changes.map(identity)) };
  } catch (error) {
    if (error instanceof CopyProblem)
      throw fault(position, error.code, error.message, remedyFor(instruction));
    if (error instanceof UnknownOwner)
      throw fault(position, 'unknown-owner', error.message, 'use numbers, 1000:1000');
    throw error;
  }
}

function identity({ path, node }: Change): unknown[] {
  return [path, node?.type, node?.mode, node?.uid, node?.gid, node?.mtime, node?.link, node?.sha];
}

function remedyFor({ from }: CopyInstruction): string {
  return from === undefined
    ? 'paths are relative to the build context; see whether .dockerignore leaves it out'
    : `see what ${from} makes, and where`;
}

async function ownerOf(
  { chown, line }: CopyInstruction,
  state: StageState,
  { shared }: StageInput,
): Promise<Owner | undefined> {
  return chown === undefined ? undefined : findOwner(state.expand(chown, line), state.tree, shared.bases);
}

async function sourceTree(
  { from, line }: CopyInstruction,
  sources: string[],
  { shared, plan }: StageInput,
  stages: ReadonlyMap<number, StageState>,
): Promise<Tree> {
  if (from === undefined) return shared.context;
  const { bases, dockerfile } = shared;
  const index = stageOf(from, plan.stage.index, dockerfile);
  if (index === undefined) return bases.tree(await bases.image(from, plan.from.platform));
  const stage = stages.get(index);
  if (stage === undefined) throw new Error(`stage ${index} was not built before line ${line}`);
  if (stage.wholeBase === undefined || !reachesAssumed(stage.tree, sources)) return stage.tree;
  const whole = await stage.wholeBase();
  whole.apply(stage.changes);
  return whole;
}

/** Whether a source is not among what the stage made, so that it has to be looked for in the base. */
function reachesAssumed(tree: Tree, sources: string[]): boolean {
  return sources.some((source) => {
    const found = isWildcard(source) ? matches(tree, source) : [source];
    return found.length === 0 || found.some((path) => isAssumed(tree, path));
  });
}

function isAssumed(tree: Tree, source: string): boolean {
  const path = tree.resolve(source, true);
  const node = path === undefined ? undefined : tree.get(path);
  if (path === undefined || node === undefined || node.assumed !== undefined) return true;
  return [...tree.below(path)].some(([, below]) => below.assumed !== undefined);
}

function refuseRemote(sources: string[], position: { file: string; line: number }): void {
  for (const source of sources) {
    if (/^(https?|ftp):\/\//i.test(source))
      throw notSupported(position, 'ADD of a URL', 'download it in a RUN');
    if (/^(git@|ssh:\/\/|git:\/\/)/.test(source))
      throw notSupported(position, 'ADD of git', 'clone it in a RUN');
  }
}

/** Above this a file's beginning is not looked at twice: no ADD has that many sources. */
const MAGIC: [offset: number, bytes: Buffer][] = [
  [0, Buffer.from([0x1f, 0x8b])],
  [0, Buffer.from('BZh')],
  [0, Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
  [0, Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  [257, Buffer.from('ustar')],
];

// ADD unpacks archives; doing as if they were plain files would make another image.
function refuseArchives(nodes: Node[], sources: string[], position: { file: string; line: number }): void {
  if (sources.every((source) => !/\.(tar|tgz|gz|bz2|xz|zst|txz|tbz2?)$/i.test(source))) return;
  for (const node of nodes) {
    if (node.type !== 'file' || node.content?.from !== 'disk' || !isArchive(node.content.file)) continue;
    throw notSupported(
      position,
      'ADD of an archive, which is to be unpacked,',
      'COPY it and unpack it in a RUN',
    );
  }
}

function isArchive(file: string): boolean {
  const head = Buffer.alloc(512);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, head, 0, head.length, 0);
  } finally {
    closeSync(descriptor);
  }
  return MAGIC.some(([offset, bytes]) => head.subarray(offset, offset + bytes.length).equals(bytes));
}

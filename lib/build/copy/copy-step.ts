import { fault, type Position } from '../../dockerfile/faults.ts';
import type { CopyInstruction } from '../../dockerfile/types.ts';
import { type ArchiveEntry, readArchive } from '../add/archive.ts';
import { secretsOf } from '../add/authorization.ts';
import { fetchSource, inlineSource, tellSources } from '../add/sources.ts';
import type { StageInput } from '../shared.ts';
import { within } from '../stage/config.ts';
import { findOwner, UnknownOwner } from '../stage/owners.ts';
import type { StageState } from '../stage/stage-state.ts';
import { keyOfRows } from '../store/store.ts';
import { type Change, type Node, Tree } from '../tree.ts';
import { type CopyOptions, type CopySource, copyInto, sourcePaths } from './copy.ts';
import { treeFrom } from './copy-from.ts';
import { CopyProblem } from './copy-problem.ts';
import { parseMode } from './mode.ts';
import { refuseChanged } from './unchanged.ts';

/** What a COPY or ADD did. */
export interface Copied {
  changes: Change[];
  /** Of the stage after it. */
  key: string;
  /** Of the step alone: with `--link` it is the same whatever is below. */
  stepKey: string;
}

/**
 * Carries out COPY or ADD on the stage's tree, and answers what changed. The files' bytes are on this machine
 * afterwards and their hashes known; nothing is copied. Throws FairleadError at the line.
 */
export async function copyStep(
  written: CopyInstruction,
  state: StageState,
  input: StageInput,
  stages: ReadonlyMap<number, StageState>,
): Promise<Copied> {
  const { shared, plan } = input;
  // Go's modules are where the next stage's go looks for them.
  if (plan.shares.has(written.line)) {
    const key = keyOfRows([state.key, written.keyword, 'shared'], [], identity);
    return { changes: [], key, stepKey: key };
  }
  const position = { file: shared.dockerfile.name, line: written.line };
  const instruction = expanded(written, state);
  try {
    const sources = await gather(instruction, state, input, stages, position);
    const options = await optionsOf(instruction, state, input, position);
    const archives = await archivesIn(instruction, sources, input);
    // BuildKit has no merge of layers whose modes were changed, and copies as without --link.
    const isLinked = instruction.link === true && instruction.chmod === undefined;
    const { changes, unmatched } = copyInto(isLinked ? new Tree() : state.tree, sources, {
      ...options,
      archives,
    });
    if (isLinked) state.tree.apply(changes);
    for (const path of unmatched) {
      const message = `${instruction.keyword} ${path} matches nothing: nothing is copied for it`;
      shared.onProgress({ type: 'notice', message, line: instruction.line });
    }
    await shared.bases.hash(nodesOf(changes));
    await shared.hashes.fill(nodesOf(changes));
    const keyAfter = (before: string) => keyOfRows([before, instruction.keyword], changes, identity);
    const key = keyAfter(state.key);
    return { changes, key, stepKey: isLinked ? keyAfter('link') : key };
  } catch (error) {
    if (error instanceof CopyProblem)
      throw fault(position, error.code, error.message, remedyFor(error.code, instruction));
    if (error instanceof UnknownOwner)
      throw fault(position, 'unknown-owner', error.message, 'use numbers, 1000:1000');
    throw error;
  }
}

function* nodesOf(changes: readonly Change[]): Generator<Node> {
  for (const { node } of changes) if (node !== undefined) yield node;
}

function identity({ path, node }: Change): unknown[] {
  if (node === undefined) return [path];
  const { type, mode, uid, gid, mtime, link, sha, capability, special } = node;
  return [path, type, mode, uid, gid, mtime, link, sha, capability, special];
}

function remedyFor(code: string, { from }: CopyInstruction): string | undefined {
  if (code === 'checksum') return 'see who changed it, or give the new checksum';
  if (code === 'archive-too-large') return 'unpack it in a RUN if it is meant to be so large';
  if (code === 'bad-archive') return 'repack it, or add --unpack=false';
  if (code !== 'source-missing') return undefined;
  return from === undefined
    ? 'paths are relative to the build context, and .dockerignore may leave some out'
    : `see what ${from} makes, and where`;
}

/** The instruction with its variables replaced. */
function expanded(written: CopyInstruction, state: StageState): CopyInstruction {
  const { line, chown, chmod, checksum, exclude } = written;
  const word = (text: string) => state.expand(text, line);
  return {
    ...written,
    sources: written.sources.map(word),
    destination: word(written.destination),
    ...(chown === undefined ? {} : { chown: word(chown) }),
    ...(chmod === undefined ? {} : { chmod: word(chmod) }),
    ...(checksum === undefined ? {} : { checksum: word(checksum) }),
    ...(exclude === undefined ? {} : { exclude: exclude.map(word) }),
  };
}

async function gather(
  instruction: CopyInstruction,
  state: StageState,
  input: StageInput,
  stages: ReadonlyMap<number, StageState>,
  position: Position,
): Promise<CopySource[]> {
  const { shared } = input;
  const { line, checksum, inlines = [] } = instruction;
  const { epoch: mtime, store, network, noCache, signal } = shared;
  const sources = tellSources(instruction.sources, instruction, position);
  const paths = sources.flatMap((source) => (source.kind === 'path' ? [source.path] : []));
  const tree = paths.length === 0 ? new Tree() : await treeFrom(instruction, paths, input, stages);
  const gathered: CopySource[] = [];
  const secrets = secretsOf(shared.secrets, `${position.file}:${line}`);
  const given = { store, network, noCache, secrets, ...(signal && { signal }) };
  for (const source of sources) {
    if (source.kind === 'path') gathered.push({ tree, path: source.path, as: 'path' });
    else gathered.push(await fetchSource(source, { checksum, mtime }, given));
  }
  for (const inline of inlines) {
    const content = inline.expands ? state.expandText(inline.content, line) : inline.content;
    gathered.push(inlineSource(inline, content, mtime, store));
  }
  return gathered;
}

function endsWithSlash(path: string): boolean {
  return path.endsWith('/') || path.endsWith('/.') || path === '.' || path === '';
}

async function optionsOf(
  { chmod, chown, destination, exclude, parents, link }: CopyInstruction,
  state: StageState,
  { shared }: StageInput,
  position: Position,
): Promise<CopyOptions> {
  const absolute = within(state.config.WorkingDir, destination);
  const mode = chmod === undefined ? undefined : parseMode(chmod);
  if (chmod !== undefined && mode === undefined)
    throw fault(position, 'bad-flag', `--chmod is ${chmod}`, 'write it in octal, 755, or as u=rwX,go=rX');
  // A layer of its own does not know who is in the stage.
  const people = link === true && chmod === undefined ? new Tree() : state.tree;
  const owner = chown === undefined ? undefined : await findOwner(chown, people, shared.bases);
  return {
    destination: endsWithSlash(destination) && absolute !== '/' ? `${absolute}/` : absolute,
    mtime: shared.epoch,
    ...(owner === undefined ? {} : { owner }),
    ...(mode === undefined ? {} : { mode }),
    ...(exclude === undefined ? {} : { exclude }),
    ...(parents === undefined ? {} : { parents }),
  };
}

/** What is in those sources of ADD that are archives: local ones are unpacked, downloaded ones when it is asked for. */
async function archivesIn(
  { keyword, unpack }: CopyInstruction,
  sources: readonly CopySource[],
  { shared }: StageInput,
): Promise<Map<Node, ArchiveEntry[]>> {
  const archives = new Map<Node, ArchiveEntry[]>();
  if (keyword !== 'ADD' || unpack === false) return archives;
  const { store, hashes, bases, signal } = shared;
  const candidates = sources.filter(({ as }) => as === 'path' || (as === 'plain' && unpack === true));
  for (const source of candidates) {
    for (const path of sourcePaths(source)) {
      const node = source.tree.get(path);
      if (node?.type !== 'file') continue;
      await bases.fetch([node]);
      await hashes.fill([node]);
      const { content, sha, size } = node;
      if (content?.from !== 'disk' || sha === undefined) continue;
      const verify = () => refuseChanged([node]);
      const given = { verify, ...(signal && { signal }) };
      const entries = await readArchive({ file: content.file, sha, size }, store, given);
      if (entries !== undefined) archives.set(node, entries);
    }
  }
  return archives;
}

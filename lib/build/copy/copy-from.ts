import type { CopyInstruction } from '../../dockerfile/types.ts';
import { isCache } from '../go/caches.ts';
import { PlanChanged } from '../plan/finding.ts';
import { stageOf } from '../plan/stage-of.ts';
import type { StageInput } from '../shared.ts';
import { within } from '../stage/config.ts';
import type { StageState } from '../stage/stage-state.ts';
import type { Tree } from '../tree.ts';
import { sourcePaths } from './copy.ts';

/** The files that the paths of a COPY or ADD are in: the context's, a stage's, an image's, another context's. */
export async function treeFrom(
  { from, line }: Pick<CopyInstruction, 'from' | 'line'>,
  paths: readonly string[],
  { shared, plan }: StageInput,
  stages: ReadonlyMap<number, StageState>,
): Promise<Tree> {
  if (from === undefined) return shared.context;
  const { bases, dockerfile, directories } = shared;
  const index = stageOf(from, plan.stage.index, dockerfile);
  if (index === undefined) {
    const named = directories.get(from);
    return named ?? bases.tree(await bases.image(from, plan.from.platform));
  }
  const stage = stages.get(index);
  if (stage === undefined) throw new Error(`stage ${index} was not built before line ${line}`);
  if (stage.wholeBase === undefined || !reachesAssumed(stage.tree, paths)) return stage.tree;
  if (paths.some((path) => isCache(within('/', path)))) {
    const why = "it takes Go's caches of another stage";
    throw new PlanChanged({ kind: 'needs-sandbox', stage: index, line, why });
  }
  const whole = await stage.wholeBase();
  whole.apply(stage.changes);
  return whole;
}

/** Whether a source is not among what the stage made, so that it has to be looked for in the base. */
function reachesAssumed(tree: Tree, paths: readonly string[]): boolean {
  return paths.some((path) => {
    const found = sourcePaths({ tree, path, as: 'path' });
    return found.length === 0 || found.some((at) => isAssumed(tree, at));
  });
}

function isAssumed(tree: Tree, path: string): boolean {
  if (tree.get(path)?.assumed !== undefined) return true;
  return [...tree.below(path)].some(([, below]) => below.assumed !== undefined);
}

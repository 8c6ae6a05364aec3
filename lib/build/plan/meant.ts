import { didYouMean } from '../../dockerfile/faults.ts';
import type { Dockerfile } from '../../dockerfile/types.ts';
import { nameOf, parentOf, type Tree } from '../tree.ts';
import { stageOf } from './stage-of.ts';

/** What is said to somebody who named a stage wrongly, so that it was taken for an image; nothing when none is near. */
export function meantStage(name: string, before: number, dockerfile: Dockerfile): string | undefined {
  if (/[/:.@]/.test(name) || stageOf(name, before, dockerfile) !== undefined) return undefined;
  const later = dockerfile.stages.slice(before).find((stage) => stage.name === name.toLowerCase());
  if (later !== undefined)
    return `the stage ${name} comes only in line ${later.from.line}: move it up, a stage takes from earlier ones`;
  const names = dockerfile.stages.slice(0, before).flatMap((stage) => stage.name ?? []);
  const meant = didYouMean(name, names);
  if (meant !== '') return `no stage before this one is called ${name}${meant}`;
  return undefined;
}

/** How many paths of a context are compared with a wrong one. */
const MOST_COMPARED = 20_000;

/**
 * What is said to somebody whose COPY names a path that is not in `tree`: that the ignore rules leave it out, or the
 * path that was meant; nothing when none is near.
 */
export function meantPath(path: string, tree: Tree, ignored: (path: string) => boolean): string | undefined {
  const plain = path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/');
  if (plain === '' || plain.includes('..')) return undefined;
  const parts = plain.split('/');
  const out = parts.map((_, at) => parts.slice(0, at + 1).join('/')).find(ignored);
  if (out !== undefined) return `.dockerignore leaves ${out} out: let it in there with a line !${plain}`;
  // A name in the right place first, then the same name elsewhere.
  const beside = tree
    .names(parentOf(plain))
    .map((name) => (parentOf(plain) === '' ? name : `${parentOf(plain)}/${name}`));
  const near = didYouMean(plain, beside);
  if (near !== '') return `there is no ${plain}${near}`;
  let compared = 0;
  const others: string[] = [];
  for (const [other] of tree.below('')) {
    if (++compared > MOST_COMPARED) break;
    if (nameOf(other) === nameOf(plain)) return `there is no ${plain}, but there is ${other}`;
    others.push(other);
  }
  const meant = didYouMean(plain, others);
  return meant === '' ? undefined : `there is no ${plain}${meant}`;
}

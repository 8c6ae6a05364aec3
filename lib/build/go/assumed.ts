import { isAbsentInGolang } from '../stage/skeleton.ts';
import { parentOf, type Tree } from '../tree.ts';
import { isCache } from './caches.ts';
import type { Assumed } from './where.ts';

/** What a stage's tree has of its base only by assumption. */
export function assumedOf(tree: Tree): Assumed {
  const assumed = [...tree.below('')].flatMap(([path, node]) =>
    node.assumed === undefined ? [] : [`/${path}`],
  );
  return {
    mayHave(path) {
      if (isCache(path)) return true;
      if (isAbsentInGolang(path)) return false;
      for (let at = parentOf(path.slice(1)); ; at = parentOf(at)) {
        const node = tree.get(at);
        if (node !== undefined || at === '') return node?.assumed !== undefined;
      }
    },
    holds: (path) => assumed.some((one) => one === path || path === '/' || one.startsWith(`${path}/`)),
  };
}

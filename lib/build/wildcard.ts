import { join, type Tree } from './tree.ts';

/** Whether a COPY source has wildcards (Go's `filepath.Match`). */
export function isWildcard(path: string): boolean {
  return /[*?[]/.test(path.replace(/\\./g, ''));
}

/** The paths of `tree` that match `pattern`, name by name: `*` and `?` do not match a slash, nothing matches twice. */
export function matches(tree: Tree, pattern: string): string[] {
  let found = [''];
  for (const name of pattern.split('/').filter((part) => part !== '' && part !== '.')) {
    found = found.flatMap((path) => {
      // As in the kernel, a symlink in the middle of the way is followed.
      const directory = tree.resolve(path, true) ?? path;
      if (!isWildcard(name)) {
        const literal = name.replace(/\\(.)/g, '$1');
        return tree.get(join(directory, literal)) === undefined ? [] : [join(path, literal)];
      }
      const wanted = expression(name);
      return tree
        .names(directory)
        .filter((child) => wanted.test(child))
        .map((child) => join(path, child));
    });
  }
  return found;
}

function expression(pattern: string): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string;
    const set = char === '[' ? /^\[(\^?)((?:\\.|[^\]\\])+)\]/.exec(pattern.slice(i)) : null;
    if (set !== null) {
      source += `[${set[1]}${set[2]?.replace(/[[]/g, '\\[')}]`;
      i += set[0].length - 1;
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else source += literal(char === '\\' ? (pattern[++i] ?? '\\') : char);
  }
  return new RegExp(`^${source}$`, 'su');
}

function literal(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

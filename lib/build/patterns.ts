/** Patterns as `.dockerignore` has them, for `COPY --exclude` and `--parents`. */
export interface Patterns {
  /** Whether a path, or a directory above it, matches; relative to where the patterns begin, `/` between names. */
  match(path: string): boolean;
  /** Whether something in a directory that matches may not match, because of a `!`. */
  hasExceptions: boolean;
}

/** Compiles patterns (moby/patternmatcher): `*` and `?` stop at a slash, `**` does not, `!` takes back. Pure. */
export function compilePatterns(texts: readonly string[]): Patterns {
  const compiled = texts.flatMap((text) => {
    const isException = text.startsWith('!');
    const pattern = clean(isException ? text.slice(1) : text);
    return pattern === '' ? [] : [{ isException, expression: expressionOf(pattern) }];
  });
  return {
    hasExceptions: compiled.some(({ isException }) => isException),
    match(path) {
      let matched = false;
      for (const { isException, expression } of compiled)
        if (isException === matched && expression.test(path)) matched = !isException;
      return matched;
    },
  };
}

/** Go's `filepath.Clean` for a path that begins at a root. */
export function clean(path: string): string {
  const names: string[] = [];
  for (const name of path.trim().split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names.join('/');
}

function expressionOf(pattern: string): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string;
    if (char === '*' && pattern[i + 1] === '*') {
      i += pattern[i + 2] === '/' ? 2 : 1;
      source += i + 1 >= pattern.length ? '.*' : '(?:.*/)?';
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[' && /^\[\^?(?:\\.|[^\]\\])+\]/s.test(pattern.slice(i))) {
      const [set = ''] = /^\[\^?(?:\\.|[^\]\\])+\]/s.exec(pattern.slice(i)) ?? [];
      source += set.replace(
        /^(\[\^?)(.*)\]$/s,
        (_, open: string, inner: string) => `${open}${inner.replace(/\[/g, '\\[')}]`,
      );
      i += set.length - 1;
    } else if (char === '\\') source += quoted(pattern[++i] ?? '\\');
    else source += quoted(char);
  }
  return new RegExp(`^(?:${source})(?:/.*)?$`, 's');
}

function quoted(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

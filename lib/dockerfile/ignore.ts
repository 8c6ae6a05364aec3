import ignore from '@balena/dockerignore';

/** Tells which paths of a build context are left out; paths are relative, with `/` between names. */
export interface IgnoreRules {
  /** Whether the file or directory itself is left out. What is in a left-out directory may be let in by a `!` rule. */
  ignores(path: string): boolean;
  /** Whether something in a left-out directory may be let in, so that it has to be searched. */
  hasExceptions: boolean;
}

/** The rules of a .dockerignore (Dockerfile reference, ".dockerignore file"). */
export function parseIgnore(text: string): IgnoreRules {
  // Git hosts and Linux tell apart what differs in case; the library's default is made for Windows.
  const rules = ignore.default({ ignorecase: false }).add(text.replace(/^\uFEFF/, ''));
  const hasExceptions = text.split(/\r?\n/).some((line) => line.trimStart().startsWith('!'));
  return { ignores: (path) => rules.ignores(path), hasExceptions };
}

/** Where the rules for `dockerfile` are looked for, in this order: its own, then the context's. */
export function ignoreFiles(dockerfile: string): string[] {
  return [`${dockerfile}.dockerignore`, '.dockerignore'];
}

/** What a person says below a pull request to have it previewed. */
export interface Word {
  /** Full object id of the commit that the person has seen; absent where they named none. */
  commit?: string;
}

/** What the one who spoke has to be (GitHub REST API, `author_association`). */
const TRUSTED = new Set(['OWNER', 'MEMBER', 'COLLABORATOR']);

const WORD = /^\/fairlead[ \t]+preview(?:[ \t]+([0-9a-f]{40}|[0-9a-f]{64}))?[ \t]*$/;

/**
 * The word in a comment: its first line, alone. So a comment that explains or quotes the word is none. A commit is
 * named by its full id: a shorter one can be forged by whoever looks for a second commit that starts alike.
 */
export function wordIn(comment: string): Word | undefined {
  const line = comment.trimStart().split(/\r?\n/, 1)[0] ?? '';
  const said = WORD.exec(line);
  if (said === null) return undefined;
  return said[1] === undefined ? {} : { commit: said[1] };
}

/** Whether the word of somebody who is this to the repository counts. */
export function counts(association: string): boolean {
  return TRUSTED.has(association);
}

/** The word that lets `commit` be built. */
export function wordFor(commit: string): string {
  return `/fairlead preview ${commit}`;
}

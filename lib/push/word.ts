/** What a person says below a pull request to have it previewed. */
export interface Word {
  /** Full object id of the commit that the person has seen; absent where they named none. */
  commit?: string;
}

/** A comment below a pull request. */
interface Comment {
  body: string;
  by: string;
  /** What the author is to the repository, in GitHub's words. */
  association: string;
  /** Whether a program wrote it. */
  bot: boolean;
}

/** Strangers who are asked about, the newest: they may say the word as often as they like. */
const MOST_STRANGERS = 5;

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

/**
 * Who has given the word for `commit` below a pull request, in the order in which to ask whether theirs counts: what the
 * host calls them is not enough, either way, since members of an organization need not be allowed to push, and those who
 * hide that they are members may.
 */
export function speakersOf(comments: readonly Comment[], commit: string): string[] {
  const given = comments.filter(({ body, bot }) => !bot && wordIn(body)?.commit === commit);
  const { known = [], strangers = [] } = Object.groupBy(given, (comment) =>
    counts(comment.association) ? 'known' : 'strangers',
  );
  return [...new Set([...known, ...strangers.slice(-MOST_STRANGERS)].map(({ by }) => by))];
}

/** Whether the word of somebody who is this to the repository counts. */
export function counts(association: string): boolean {
  return TRUSTED.has(association);
}

/** The word that lets `commit` be built. */
export function wordFor(commit: string): string {
  return `/fairlead preview ${commit}`;
}

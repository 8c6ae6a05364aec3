/** What is wrong with a word; who knows the line makes a fault of it. */
export class WordProblem extends Error {
  /** The variable is required, and not set. */
  readonly isUnset: boolean;
  constructor(message: string, isUnset = false) {
    super(message);
    this.name = 'WordProblem';
    this.isUnset = isUnset;
  }
}

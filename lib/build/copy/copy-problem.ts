/** What cannot be copied, told of in terms of the Dockerfile; the caller adds the line. */
export class CopyProblem extends Error {
  /** What follows `dockerfile/`. */
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'CopyProblem';
    this.code = code;
  }
}

export function notDirectory(path: string): CopyProblem {
  return new CopyProblem('copy-onto-file', `/${path} is not a directory and cannot hold what is copied`);
}

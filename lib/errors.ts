/** What every error of Fairlead tells: what was being done to what, why it failed, and what to do about it. */
export interface Fault {
  /** Stable name for scripts and tests: `word/what-went-wrong`, for example `dockerfile/unknown-instruction`. */
  code: string;
  /** What was being done, as a gerund phrase: `publishing localhost:5000/web`. Never holds a secret. */
  operation: string;
  /** What went wrong, in the terms of the person who reads it. */
  cause: string;
  /** What that person can do about it. */
  remedy?: string;
  /** Where: `Dockerfile:12`, `fairlead.yaml: port`, a URL without its credentials. */
  place?: string;
  /** Whether the same call may succeed later without anyone changing anything. */
  temporary?: boolean;
}

/** The one error class that reaches people: one line that names the place, the cause and the remedy. */
export class FairleadError extends Error {
  readonly fault: Readonly<Fault>;

  constructor(fault: Fault, options?: ErrorOptions) {
    super(describe(fault), options);
    this.name = 'FairleadError';
    this.fault = fault;
  }

  get code(): string {
    return this.fault.code;
  }

  get temporary(): boolean {
    return this.fault.temporary ?? false;
  }
}

function describe({ operation, place, cause, remedy }: Fault): string {
  const where = place === undefined ? '' : `${place}: `;
  return remedy === undefined
    ? `${where}${cause} (${operation})`
    : `${where}${cause} (${operation}); ${remedy}`;
}

/** The message of anything that was thrown, for a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { Logger } from '@aws-lambda-powertools/logger';

/** Who a log record is about: the ids that every record of one push carries, from function to function. */
export interface Subject {
  /** The git host's id of the delivery that told of the push. */
  delivery: string;
  app: string;
  /** The commit's full object id. */
  commit: string;
}

/**
 * Structured log of one function, one JSON object a line on standard output (AWS Lambda's JSON log format).
 * The level comes from POWERTOOLS_LOG_LEVEL.
 */
export const log = new Logger();

/** Puts the ids of `subject` into every record that follows in this invocation. */
export function about(subject: Subject): void {
  log.resetKeys();
  log.appendKeys({ ...subject });
}

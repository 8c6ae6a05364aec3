import type { FunctionError, Outcome } from './types.ts';

/** An event that no attempt could handle. */
export interface DeadLetter {
  /** Name of the function, and ARN of its queue. */
  function: string;
  queue: string;
  body: string;
  attributes: Record<string, { DataType: string; StringValue: string }>;
}

const LONGEST = 1024;

/** The attributes that Lambda adds. Source: "Adding a dead-letter queue", AWS Lambda Developer Guide. */
export function attributesOf(requestId: string, outcome: Outcome & { ok: false }): DeadLetter['attributes'] {
  const { errorMessage } = JSON.parse(outcome.payload.toString('utf8')) as Partial<FunctionError>;
  const message = (errorMessage ?? outcome.errorType).slice(0, LONGEST);
  return {
    RequestID: { DataType: 'String', StringValue: requestId },
    ErrorCode: { DataType: 'Number', StringValue: '200' },
    ErrorMessage: { DataType: 'String', StringValue: message === '' ? 'unknown' : message },
  };
}

/** A Lambda function as it is deployed. */
export interface FunctionSpec {
  name: string;
  /** Its code, as esbuild wrote it: what is /var/task on AWS. */
  directory: string;
  /** `index.handler`: module without its ending, and export. */
  handler: string;
  environment: Readonly<Record<string, string>>;
  /** Megabytes. */
  memory: number;
  /** Seconds that one invocation may take. */
  timeout: number;
  /** Makes it a durable function. */
  durable?: {
    /** Seconds that a whole execution may take. */
    executionTimeout: number;
    /** Days that an execution is remembered after its end. */
    retentionPeriod?: number;
  };
  /** Whether it has a function URL (auth type NONE). */
  functionUrl?: boolean;
  /** How many invocations may run at once; more are throttled. */
  reservedConcurrency?: number;
  /** Seconds between two invocations by the clock, as a rule of EventBridge makes them. */
  every?: number;
  /** Whether it is told of every alarm that begins to ring, as a rule of EventBridge does. */
  onAlarm?: boolean;
  /** ARN of the queue that gets events which no attempt could handle. */
  deadLetters?: string;
}

/** Where the functions live. */
export interface Place {
  region: string;
  /** Twelve digits. */
  account: string;
}

/** One line that a function logged: the object when the line is a JSON object, the text otherwise. */
export type LogRecord = { function: string; requestId?: string } & (
  | { record: Record<string, unknown> }
  | { text: string }
);

/** One call of a handler. */
export interface Invocation {
  requestId: string;
  /** The event, in JSON. */
  payload: Buffer;
  /** With the qualifier that it was called by, if any. */
  functionArn: string;
  /** Base64, as it came in X-Amz-Client-Context. */
  clientContext?: string;
}

/** What became of an invocation: the handler's answer, or an error in the form that Lambda gives it, both in JSON. */
export type Outcome = { ok: true; payload: Buffer } | { ok: false; payload: Buffer; errorType: string };

/** An error in the form that Lambda's runtimes give it. */
export interface FunctionError {
  errorType: string;
  errorMessage: string;
  /** Stack lines. */
  trace?: string[];
}

export function failure(error: FunctionError): Outcome {
  return { ok: false, payload: Buffer.from(JSON.stringify(error)), errorType: error.errorType };
}

/** `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]` */
export function functionArn({ region, account }: Place, name: string, qualifier?: string): string {
  const arn = `arn:aws:lambda:${region}:${account}:function:${name}`;
  return qualifier === undefined ? arn : `${arn}:${qualifier}`;
}

/** Where AWS is, and as whom it is called. Read anew for each call: Lambda changes some of it between invocations. */
export interface Aws {
  /** `eu-west-1` */
  region: string;
  credentials(): Credentials;
  /** Base URL of `service`, where that is not AWS's own. */
  endpointOf(service: ServiceName): string | undefined;
  /** The X-Ray header of the invocation that is going on. */
  trace(): string | undefined;
  /** How often a call is made at most: 3 is the first time and two more. */
  attempts: number;
}

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** Services by their names in host names, which are those in signatures, too. */
export type ServiceName = 'codecommit' | 'lambda' | 'secretsmanager' | 'sqs';

/** One call of an API, before it is signed. */
export interface Call {
  service: ServiceName;
  method: 'GET' | 'POST';
  /** With each part of it encoded, as it goes over the wire. */
  path: string;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  body: string;
}

import { EventEmitter } from 'node:events';
import { isSignedBy, readSignature, type SignedRequest, timeOf } from './sigv4.ts';

/** An identity with a key. */
export interface Principal {
  accessKeyId: string;
  secretAccessKey: string;
  arn: string;
  /** Temporary credentials come with one, and are refused without it. */
  sessionToken?: string;
  /** Of a session: the ARN of its role, and the tags that it was given. */
  role?: string;
  tags?: Readonly<Record<string, string>>;
}

/** One AWS call that was let in: what IAM would be asked about. */
export interface AwsCall {
  /** ARN of who called. */
  principal: string;
  /** IAM's prefix of the service: `ecr`, `secretsmanager`, `lambda`. */
  service: string;
  /** IAM's name of the action, mostly the API's: `GetAuthorizationToken`, but `InvokeFunction`. */
  action: string;
  /** ARN of what was acted on; absent where IAM knows only `*`. */
  resource?: string;
  /** What conditions of policies may ask for, by the names of condition keys: `dynamodb:LeadingKeys`. */
  context?: Readonly<Record<string, string | readonly string[]>>;
}

/** Signed by someone we know, or the reason why not, in the words of AWS. */
export type Verdict =
  | { admitted: true; principal: Principal; service: string }
  | { admitted: false; service: string | undefined; refusal: Refusal; message: string };

export type Refusal = 'missing' | 'unknown-key' | 'wrong-signature' | 'out-of-time';

const SKEW_MS = 5 * 60_000;

/** The door of the local cloud: knows the keys, checks signatures, and tells of every call that was let in. */
export class Admission {
  readonly calls = new EventEmitter<{ call: [AwsCall] }>();
  readonly #principals = new Map<string, Principal>();

  constructor(principals: Iterable<Principal>) {
    for (const principal of principals) this.add(principal);
  }

  add(principal: Principal): void {
    this.#principals.set(principal.accessKeyId, principal);
  }

  find(accessKeyId: string): Principal | undefined {
    return this.#principals.get(accessKeyId);
  }

  /** Whether `request` may come in at the time `now` (milliseconds since 1970). */
  check(request: SignedRequest, now = Date.now()): Verdict {
    const signed = readSignature(request);
    const service = signed?.scope.service;
    const refuse = (refusal: Refusal, message: string): Verdict => ({
      admitted: false,
      service,
      refusal,
      message,
    });
    if (signed === undefined) return refuse('missing', 'Request is missing Authentication Token');
    const principal = this.find(signed.scope.accessKeyId);
    if (principal === undefined || principal.sessionToken !== signed.sessionToken)
      return refuse('unknown-key', 'The security token included in the request is invalid.');
    if (!isSignedBy(principal.secretAccessKey, request, signed)) return refuse('wrong-signature', WRONG);
    const age = now - timeOf(signed.timestamp);
    if (Math.abs(age) > SKEW_MS + (signed.expires ?? 0) * 1000)
      return refuse('out-of-time', `Signature expired: ${signed.timestamp} is not within 5 minutes of now`);
    return { admitted: true, principal, service: signed.scope.service };
  }

  /** Tells that `caller` made a call that was let in. */
  record(call: Omit<AwsCall, 'principal'>, caller: Pick<Principal, 'arn' | 'tags'>): void {
    const tags = Object.entries(caller.tags ?? {}).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]);
    const context = { ...call.context, ...Object.fromEntries(tags) };
    const told = { principal: caller.arn, ...call };
    this.calls.emit('call', Object.keys(context).length === 0 ? told : { ...told, context });
  }
}

const WRONG =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
  'and signing method. Consult the service documentation for details.';

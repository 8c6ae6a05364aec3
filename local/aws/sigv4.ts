import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** An HTTP request as it arrived: nothing decoded, nothing normalised. */
export interface SignedRequest {
  method: string;
  /** Path and query, exactly as on the wire. */
  target: string;
  /** Header names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
}

/** Who signed, for what: the parts of the credential scope `KEY/DATE/REGION/SERVICE/aws4_request`. */
interface Scope {
  accessKeyId: string;
  date: string;
  region: string;
  service: string;
}

export interface Signature {
  scope: Scope;
  signedHeaders: string[];
  signature: string;
  /** `YYYYMMDDTHHMMSSZ`, of the signing. */
  timestamp: string;
  sessionToken?: string;
  /** How long it is good for, in seconds: only presigned URLs say so. */
  expires?: number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** The signature in the Authorization header or in the query (a presigned URL); undefined when there is none that can be read. */
export function readSignature({ target, headers }: SignedRequest): Signature | undefined {
  return headers.authorization === undefined ? fromQuery(target) : fromHeader(headers.authorization, headers);
}

function fromHeader(authorization: string, headers: SignedRequest['headers']): Signature | undefined {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  const timestamp = headers['x-amz-date'];
  if (match === null || timestamp === undefined) return undefined;
  const [, credential = '', signedHeaders = '', signature = ''] = match;
  return assemble(credential, signedHeaders, signature, timestamp, headers['x-amz-security-token']);
}

function fromQuery(target: string): Signature | undefined {
  const query = new URLSearchParams(target.split('?')[1] ?? '');
  if (query.get('X-Amz-Algorithm') !== ALGORITHM) return undefined;
  const expires = Number(query.get('X-Amz-Expires') ?? 'NaN');
  if (!Number.isInteger(expires)) return undefined;
  const read = (name: string) => query.get(name) ?? '';
  const signature = assemble(
    read('X-Amz-Credential'),
    read('X-Amz-SignedHeaders'),
    read('X-Amz-Signature'),
    read('X-Amz-Date'),
    query.get('X-Amz-Security-Token') ?? undefined,
  );
  return signature === undefined ? undefined : { ...signature, expires };
}

function assemble(
  credential: string,
  signedHeaders: string,
  signature: string,
  timestamp: string,
  sessionToken?: string,
): Signature | undefined {
  const [accessKeyId, date, region, service, terminator, ...rest] = credential.split('/');
  if (!accessKeyId || !date || !region || !service || terminator !== 'aws4_request' || rest.length > 0)
    return;
  if (!/^\d{8}T\d{6}Z$/.test(timestamp) || !timestamp.startsWith(date)) return;
  const scope = { accessKeyId, date, region, service };
  return { scope, signedHeaders: signedHeaders.split(';'), signature, timestamp, sessionToken };
}

/**
 * Whether `secretAccessKey` made this signature over this request, body included. Says nothing of time.
 * Source: "Create a signed AWS API request", AWS IAM User Guide. Paths are escaped twice, as for all services but S3.
 */
export function isSignedBy(secretAccessKey: string, request: SignedRequest, signed: Signature): boolean {
  if (!signed.signedHeaders.includes('host')) return false;
  const bodyHash = sha256(request.body);
  const claimed = request.headers['x-amz-content-sha256'];
  if (claimed !== undefined && claimed !== bodyHash) return false;
  const [path = '/', query = ''] = split(request.target);
  const canonical = [
    request.method,
    percent(path).replaceAll('%2F', '/'),
    canonicalQuery(query),
    ...signed.signedHeaders.map(
      (name) => `${name}:${(request.headers[name] ?? '').trim().replace(/ +/g, ' ')}`,
    ),
    '',
    signed.signedHeaders.join(';'),
    bodyHash,
  ].join('\n');
  const { date, region, service } = signed.scope;
  const toSign = [
    ALGORITHM,
    signed.timestamp,
    `${date}/${region}/${service}/aws4_request`,
    sha256(Buffer.from(canonical)),
  ].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return equal(hmac(key, toSign).toString('hex'), signed.signature);
}

/** Milliseconds since 1970 of `YYYYMMDDTHHMMSSZ`. */
export function timeOf(timestamp: string): number {
  return Date.parse(timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function split(target: string): [string, string] {
  const mark = target.indexOf('?');
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [percent(name), percent(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map((pair) => pair.join('='))
    .join('&');
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const equal = (a: string, b: string) =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
const percent = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

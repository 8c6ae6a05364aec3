import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Admission, Principal } from '../aws/admission.ts';
import { timeOf } from '../aws/sigv4.ts';

/** How long a password is taken after it was made. Milliseconds. */
const LIFE = 15 * 60_000;

/**
 * Whom the header `Authorization: Basic …` of a git client speaks for, or why it is nobody. The password is a signature
 * of Signature Version 4, over the method `GIT`, the repository's path and the host, with its time before it; the user is
 * the access key, and behind a `%` the session token. Source: what `aws codecommit credential-helper` makes.
 */
export function letIn(
  admission: Admission,
  authorization: string | undefined,
  { host, path, region }: { host: string; path: string; region: string },
  now = Date.now(),
): { principal: Principal } | { refused: string } {
  const [, encoded = ''] = /^Basic ([\w+/=]+)$/.exec(authorization ?? '') ?? [];
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.lastIndexOf(':');
  const [accessKeyId = '', sessionToken] = split(text.slice(0, colon));
  const [, timestamp = '', signature = ''] =
    /^(\d{8}T\d{6})Z([0-9a-f]{64})$/.exec(text.slice(colon + 1)) ?? [];
  const principal = admission.find(accessKeyId);
  if (colon < 0 || principal === undefined || principal.sessionToken !== sessionToken)
    return { refused: 'nobody has this access key' };
  const scope = [timestamp.slice(0, 8), region, 'codecommit', 'aws4_request'];
  const hash = createHash('sha256').update(`GIT\n${path}\n\nhost:${host}\n\nhost\n`).digest('hex');
  const toSign = ['AWS4-HMAC-SHA256', timestamp, scope.join('/'), hash].join('\n');
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${principal.secretAccessKey}`);
  if (!equal(hmac(key, toSign).toString('hex'), signature)) return { refused: 'the signature does not fit' };
  if (Math.abs(now - timeOf(`${timestamp}Z`)) > LIFE) return { refused: 'the password is too old' };
  return { principal };
}

function split(user: string): [string, string | undefined] {
  const percent = user.indexOf('%');
  return percent < 0 ? [user, undefined] : [user.slice(0, percent), user.slice(percent + 1)];
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const equal = (a: string, b: string) =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

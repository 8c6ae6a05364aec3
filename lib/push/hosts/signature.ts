import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Whether `signature` is the HMAC-SHA256 of `text` by one of `keys`. Empty keys sign nothing. Takes the same time for
 * every wrong signature.
 */
export function isSigned(
  text: string,
  keys: readonly (string | Buffer)[],
  signature: string,
  encoding: 'hex' | 'base64',
): boolean {
  return isOneOf(
    keys
      .filter(({ length }) => length > 0)
      .map((key) => createHmac('sha256', key).update(text).digest(encoding)),
    signature,
  );
}

/** Whether `shown` is one of `secrets`. Takes the same time for every wrong one, whatever its length. */
export function isOneOf(secrets: readonly string[], shown: string): boolean {
  const found = secrets.filter((secret) => secret !== '').map((secret) => isSame(secret, shown));
  return found.includes(true);
}

/** Digests are compared, which have one length: that of a secret is nobody's to know. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'fairlead').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

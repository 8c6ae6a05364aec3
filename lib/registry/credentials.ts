/**
 * How to prove who asks: a name with its password, or a bearer token that the registry takes as it is. `unasked` says that
 * this registry is known to want them, so that no request is spent on being told so.
 */
export type Credentials = { username: string; password: string; unasked?: true } | { token: string };

/** Finds the credentials for a registry's host; undefined means none, the registry is asked as anybody. */
export type CredentialSource = (host: string) => Promise<Credentials | undefined>;

/** The value of an `Authorization` header (RFC 7617 and RFC 6750). */
export function authorization(credentials: Credentials): string {
  if ('token' in credentials) return `Bearer ${credentials.token}`;
  const pair = Buffer.from(`${credentials.username}:${credentials.password}`);
  return `Basic ${pair.toString('base64')}`;
}

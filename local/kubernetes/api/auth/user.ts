import type { IncomingHttpHeaders } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { StatusError } from '../../status-error.ts';

export interface User {
  username: string;
  groups: readonly string[];
}

/** Who a bearer token belongs to; undefined for a token that is not valid. */
export type Authenticate = (
  token: string,
) =>
  | Promise<{ username: string; groups: readonly string[] } | undefined>
  | { username: string; groups: readonly string[] }
  | undefined;

export const anonymous: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

/**
 * Knows the user by the client certificate or by the bearer token.
 * @throws StatusError 401 Unauthorized for a token that is not valid
 */
export async function userOf(
  socket: TLSSocket,
  headers: IncomingHttpHeaders,
  authenticate: Authenticate,
): Promise<User> {
  const [, token] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
  if (token !== undefined) {
    const known = await authenticate(token.trim());
    if (!known) throw new StatusError('Unauthorized', 'Unauthorized');
    return { username: known.username, groups: [...known.groups, 'system:authenticated'] };
  }
  return socket.authorized ? holderOf(socket) : anonymous;
}

/** A certificate's common name is the user, its organizations are the groups. */
function holderOf(socket: TLSSocket): User {
  const { subject } = socket.getPeerCertificate();
  if (typeof subject?.CN !== 'string') return anonymous;
  const organizations = ([] as string[]).concat(subject.O ?? []);
  return { username: subject.CN, groups: [...organizations, 'system:authenticated'] };
}

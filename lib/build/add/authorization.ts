import { openSecret } from '../run/mounts/secrets.ts';
import type { SecretSource } from '../run/secrets.ts';

/** Gives a secret of the build by its id, if there is one. */
export type Secrets = (id: string) => string | undefined;

/** The secrets that a build was given. Faults are told at `place`. */
export function secretsOf(secrets: ReadonlyMap<string, SecretSource>, place: string): Secrets {
  return (id) =>
    openSecret({ type: 'secret', id, required: false }, secrets, place)?.data.toString('utf8').trim();
}

/**
 * The `Authorization` for what ADD downloads or fetches, by the ids that BuildKit knows: of a URL
 * `HTTP_AUTH_HEADER_<host>` and `HTTP_AUTH_TOKEN_<host>` (source/http), of git `GIT_AUTH_HEADER` and `GIT_AUTH_TOKEN`,
 * with `.<host>` behind them for one host alone (source/git). Nothing where none is given. `named` is who named the
 * address: what the Dockerfile does not name itself gets only what is meant for its host.
 */
export function authorization(
  kind: 'http' | 'git',
  { hostname }: URL,
  secrets: Secrets | undefined,
  named: 'by the Dockerfile' | 'by others' = 'by the Dockerfile',
): string | undefined {
  const find = (...ids: string[]) =>
    ids.map((id) => secrets?.(id)).find((text) => text !== undefined && text !== '');
  if (kind === 'http') {
    const token = find(`HTTP_AUTH_TOKEN_${hostname}`);
    return find(`HTTP_AUTH_HEADER_${hostname}`) ?? (token === undefined ? undefined : `Bearer ${token}`);
  }
  const idsOf = (id: string) => (named === 'by others' ? [`${id}.${hostname}`] : [`${id}.${hostname}`, id]);
  const token = find(...idsOf('GIT_AUTH_TOKEN'));
  const header = find(...idsOf('GIT_AUTH_HEADER'));
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  return header ?? (token === undefined ? undefined : `basic ${basic}`);
}

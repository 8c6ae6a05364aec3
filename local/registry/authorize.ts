import type { Route } from './routes.ts';

export type Action = 'ping' | 'pull' | 'push' | 'delete' | 'list';

/**
 * Decides on a request.
 * @param header the Authorization header as it came
 * @param repository left out for `ping` (GET /v2/) and `list` (the catalog)
 * @param request left out for the source of a mount, which another request asks for
 */
export type Authorize = (
  header: string | undefined,
  action: Action,
  repository?: string,
  request?: Asked,
) => Verdict | Promise<Verdict>;

/** What exactly was asked for. */
export interface Asked {
  route: Route;
  method: string;
  /** Of the path: `digest` is there where a blob is sent as a whole. */
  query: URLSearchParams;
}

/** `unauthenticated` is answered with a challenge for basic authentication, `denied` without. */
type Verdict = 'allowed' | 'unauthenticated' | 'denied';

export const allowAll: Authorize = () => 'allowed';

/** What a request with `method` on `route` does. */
export function actionOf(route: Route, method: string): Action {
  if (route.kind === 'base') return 'ping';
  if (route.kind === 'catalog') return 'list';
  if (route.kind === 'upload' || route.kind === 'uploads') return 'push';
  if (method === 'DELETE') return 'delete';
  return method === 'GET' || method === 'HEAD' ? 'pull' : 'push';
}

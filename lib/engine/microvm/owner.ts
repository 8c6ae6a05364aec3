import { cacheScope } from '../../build/cache/scope.ts';
import type { BuildRequest } from '../../build/request.ts';

/** What the environment of a fork's pull request is called, and no other one (lib/push/place.ts). */
const OF_FORK = /^preview-pr-\d+$/;

/**
 * Whose VM a build finds. Commands of a build are root in it: production's has none of what those of previews left, and a
 * fork's pull request, which is a stranger's program, shares one with nobody.
 */
export function ownerOf({
  subject: { app },
  environment,
}: Pick<BuildRequest, 'subject' | 'environment'>): string {
  const scope = cacheScope(environment);
  if (scope === undefined) return app;
  return OF_FORK.test(scope) ? `${app} ${scope}` : `${app} previews`;
}

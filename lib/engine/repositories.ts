/** No app is called so: names of apps are DNS labels, which have no dot. */
const OF_PREVIEWS = '/of.previews';

/**
 * Where an image goes: previews have a repository of their own below the app's, because what runs in their builds may be
 * anybody's, and a registry lets who may write in a repository write all of it. `prefix` is `HOST/PATH`.
 */
export function repositoryFor(prefix: string, app: string, environment: { name: string }): string {
  return `${prefix}/${app}${environment.name.startsWith('preview-') ? OF_PREVIEWS : ''}`;
}

/** The repository of production's images and caches, which a preview's build reads and cannot write. */
export function productionRepository(publishTo: string): string {
  return publishTo.endsWith(OF_PREVIEWS) ? publishTo.slice(0, -OF_PREVIEWS.length) : publishTo;
}

import { previewsFor } from '../../lib/push/installation.ts';
import { isPreview } from '../../lib/push/place.ts';
import type { Push } from '../../lib/push/types.ts';
import { environment, ledger } from './services.ts';

/**
 * Why no preview can be made for a push; undefined where one can, or is there. Two that begin at once may both come in:
 * what matters is that their number does not grow.
 */
export async function whyNoRoom(push: Push): Promise<string | undefined> {
  const { app, environment: place } = push;
  const { name } = place;
  if (!isPreview(place) || (await ledger.listed({ app, name })) !== undefined) return undefined;
  const { most } = previewsFor(environment.deploys, push);
  const listed = await ledger.environments();
  const previews = listed.filter((one) => one.app === app && isPreview(one));
  if (previews.length < most) return undefined;
  return `the app ${app} has ${previews.length} previews, as many as it may have: remove one, or allow more`;
}

import type { Push } from '../../lib/push/types.ts';
import { environment, ledger } from './services.ts';

/**
 * Why no preview can be made for a push; undefined where one can, or is there. Two that begin at once may both come in:
 * what matters is that their number does not grow.
 */
export async function whyNoRoom({ app, environment: { name } }: Push): Promise<string | undefined> {
  if (name === 'production' || (await ledger.listed({ app, name })) !== undefined) return undefined;
  const { most } = environment.previews;
  const listed = await ledger.environments();
  const previews = listed.filter((one) => one.app === app && one.name !== 'production');
  if (previews.length < most) return undefined;
  return `the app ${app} has ${previews.length} previews, as many as it may have: remove one, or allow more`;
}

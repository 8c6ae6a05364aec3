import { FairleadError } from '../../../lib/errors.ts';
import type { RepositoryWebhooks } from '../../../lib/source/webhooks/of-repository.ts';

/** What came of entering a secret: in how many webhooks, or why in none. */
export type Entered = { is: 'entered'; webhooks: number } | { is: 'by-hand'; why: string };

/** Enters `secret` in those webhooks of a repository that send to `url`, and in no others; the rest of them stays as it was. */
export async function enterSecret(
  webhooks: Pick<RepositoryWebhooks, 'sendingTo' | 'enter'>,
  { url, secret }: { url: string; secret: string },
): Promise<Entered> {
  try {
    const ours = await webhooks.sendingTo(url);
    if (ours.length === 0)
      return {
        is: 'by-hand',
        why: 'no webhook of the repository sends there: a group’s, an organization’s, or an App’s?',
      };
    for (const one of ours) await webhooks.enter(one, secret);
    return { is: 'entered', webhooks: ours.length };
  } catch (error) {
    if (!(error instanceof FairleadError)) throw error;
    const { cause, remedy } = error.fault;
    return { is: 'by-hand', why: remedy === undefined ? cause : `${cause}; ${remedy}` };
  }
}

import { getSecretValue } from '../lib/aws/secrets-manager.ts';
import type { Aws } from '../lib/aws/types.ts';
import { FairleadError } from '../lib/errors.ts';
import type { ReadSecret } from '../lib/rollout/secrets.ts';

/** Secrets Manager's words for a secret, or a version of it, that is not there, or is about to be deleted. */
const GONE = ['ResourceNotFoundException', 'InvalidRequestException'];

/** Reads the values that releases refer to; nothing of them is kept, logged, or in an error. */
export function secretReader(aws: Aws): ReadSecret {
  return async (id, versionId) => {
    try {
      const { text, bytes } = await getSecretValue(
        aws,
        id,
        versionId === undefined ? undefined : { id: versionId },
      );
      if (text !== undefined) return { is: 'text', text };
      return bytes === undefined ? { is: 'gone' } : { is: 'binary', bytes };
    } catch (error) {
      const { name, message } = error as Error;
      if (GONE.includes(name)) return { is: 'gone' };
      throw new FairleadError({
        code: 'secret/unreadable',
        operation: `reading the secret ${id}`,
        cause: `Secrets Manager does not give out the secret ${id}: ${message}`,
        remedy: 'apps are given secrets whose names begin with fairlead/: let it have such a name',
        temporary: name !== 'AccessDeniedException',
      });
    }
  };
}

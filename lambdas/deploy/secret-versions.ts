import { stagesOf } from '../../lib/aws/secrets-manager.ts';
import type { Aws } from '../../lib/aws/types.ts';
import { FairleadError } from '../../lib/errors.ts';

/**
 * The ids of the versions that secrets have now, by the secrets' own ids: what a release refers to, so that it brings
 * back the values that it ran with. The values themselves are not read.
 * @throws FairleadError `secret/absent`, `secret/forbidden`
 */
export async function versionsOf(aws: Aws, ids: readonly string[]): Promise<Record<string, string>> {
  const versions = ids.map(async (id): Promise<[string, string]> => [id, await versionOf(aws, id)]);
  return Object.fromEntries(await Promise.all(versions));
}

async function versionOf(aws: Aws, id: string): Promise<string> {
  const operation = `looking up the secret ${id}`;
  const place = 'fairlead.yaml: secrets';
  try {
    const current = Object.entries(await stagesOf(aws, id)).find(([, stages]) =>
      stages.includes('AWSCURRENT'),
    );
    if (current !== undefined) return current[0];
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'AccessDeniedException')
      throw new FairleadError({
        code: 'secret/forbidden',
        operation,
        place,
        cause: `Secrets Manager does not tell of it: ${message}`,
        remedy: 'apps are given secrets whose names begin with fairlead/: let it have such a name',
      });
    if (name !== 'ResourceNotFoundException') throw error;
  }
  throw new FairleadError({
    code: 'secret/absent',
    operation,
    place,
    cause: 'Secrets Manager has no such secret, or no value in it',
    remedy: `create it (aws secretsmanager create-secret --name ${id}), then push again`,
  });
}

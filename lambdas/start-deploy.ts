import { createHash } from 'node:crypto';
import { invokeLater, isAlreadyStarted } from '../lib/aws/lambda.ts';
import type { Aws } from '../lib/aws/types.ts';
import type { DeployRequest } from '../lib/push/request.ts';

/**
 * Starts the deploy function under a name: once, however often it is asked for. `prefix` says who asks, and `id` what
 * for. Answers whether it was the first time, as far as that can be told.
 */
export async function startDeploy(
  aws: Aws,
  deployFunction: string,
  request: DeployRequest,
  { prefix, id }: { prefix: string; id: string },
): Promise<'started' | 'known'> {
  try {
    await invokeLater(aws, deployFunction, request, executionName(prefix, id));
    return 'started';
  } catch (error) {
    // The same once more, with another payload: the first one is at work.
    if (isAlreadyStarted(error)) return 'known';
    throw error;
  }
}

/** Up to 64 of the letters that Lambda allows, the same for the same id. */
function executionName(prefix: string, id: string): string {
  const plain = /^[\w-]{1,48}$/.test(id) ? id : createHash('sha256').update(id).digest('hex').slice(0, 48);
  return `${prefix}-${plain}`;
}

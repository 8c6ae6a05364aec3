import { randomUUID } from 'node:crypto';

/** An id that outsiders complete a callback by: nobody can guess it, and it says which execution it is of. */
export function callbackId(executionId: string, operationId: string): string {
  return Buffer.from([executionId, operationId, randomUUID()].join('/')).toString('base64');
}

/** Which execution and operation a callback id is of, if it is one at all. */
export function readCallbackId(id: string): { executionId: string; operationId: string } {
  const [executionId = '', operationId = ''] = Buffer.from(id, 'base64').toString('utf8').split('/');
  return { executionId, operationId };
}

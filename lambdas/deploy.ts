import { type DurableContext, withDurableExecution } from '@aws/durable-execution-sdk-js';
import type { DeployRequest } from '../lib/push/request.ts';
import type { Push } from '../lib/push/types.ts';
import { bringHead } from './deploy/bring-head.ts';
import { type Examined, examine } from './deploy/examine.ts';
import { type Recovered, recover } from './deploy/recover.ts';
import { remove } from './deploy/remove.ts';
import { rollBack } from './deploy/roll-back.ts';
import type { Settled } from './deploy/settle.ts';

/**
 * Brings an environment to what it should be: to its branch's head, back to what was good, or to nothing. Started once
 * for each push, rollback and removal. It is durable: it sleeps at no cost while others work, goes on where it was after
 * being cut off anywhere, and always comes to an end that is told.
 */
export const handler = withDurableExecution(
  async (
    request: DeployRequest | (Push & { do?: undefined }),
    context: DurableContext,
  ): Promise<Settled | Recovered | Examined> => {
    switch (request.do) {
      case 'roll-back':
        return await rollBack(context, request);
      case 'remove':
        return await remove(context, request);
      case 'recover':
        return await recover(context, request);
      case 'examine':
        return await examine(context, request);
      default:
        return await bringHead(context, request);
    }
  },
);

import { invokeLater, isAlreadyStarted } from '../../lib/aws/lambda.ts';
import { deleteMessage, giveBack, receiveMessages } from '../../lib/aws/sqs.ts';
import type { Aws } from '../../lib/aws/types.ts';
import type { DeadLetters, Taker } from '../../lib/operate/dead-letters.ts';

/** Seconds that nobody else gets what was received: as long as this function may take. */
const HIDDEN = 60;

export interface Addresses {
  deadLettersUrl: string;
  deployFunction: string;
  sweepFunction: string;
  watchAlarmFunction: string;
  receiveFunction: string;
}

/** The dead-letter queue, and the functions that its events were for. */
export function deadLettersOf(aws: Aws, addresses: Addresses): DeadLetters {
  const { deadLettersUrl: url } = addresses;
  const takers: Record<Taker, string> = {
    deploy: addresses.deployFunction,
    sweep: addresses.sweepFunction,
    'watch-alarm': addresses.watchAlarmFunction,
    'receive-push': addresses.receiveFunction,
  };
  return {
    receive: () => receiveMessages(aws, url, HIDDEN),
    giveBack: ({ receipt }) => giveBack(aws, url, receipt),
    delete: ({ receipt }) => deleteMessage(aws, url, receipt),
    send: async (taker, event, name) => {
      try {
        await invokeLater(aws, takers[taker], event, ...(taker === 'deploy' ? [name] : []));
      } catch (error) {
        // It was sent before, and could not be deleted then.
        if (!isAlreadyStarted(error)) throw error;
      }
    },
  };
}

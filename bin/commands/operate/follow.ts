import { setTimeout as sleep } from 'node:timers/promises';
import pc from 'picocolors';
import type { OperateAnswer } from '../../../lib/operate/answer.ts';
import type { Ask } from './connect.ts';

type Ended = Extract<OperateAnswer, { is: 'ended' }>;

/** ms between two questions, the last one repeated. */
const PAUSES = [300, 300, 500, 500, 1000];
/** How many questions in a row may go without an answer. */
const LOST = 10;

/** Where a terminal is told that something goes on. */
export interface Terminal {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** Asks how an execution goes on until it has ended. It goes on without whoever asks. */
export async function follow(ask: Ask, execution: string, terminal: Terminal): Promise<Ended> {
  const started = Date.now();
  const show = (text: string) => terminal.isTTY && terminal.write(`\r\x1b[K${text}`);
  let lost = 0;
  try {
    for (let question = 0; ; question++) {
      const answer = await ask({ do: 'progress', execution }).catch((error: unknown) => {
        // One question that gets lost on the way is no reason to leave.
        if (++lost > LOST) throw error;
        return undefined;
      });
      if (answer?.is === 'ended') return answer;
      if (answer !== undefined) lost = 0;
      show(pc.dim(`… ${Math.round((Date.now() - started) / 1000)} s (Ctrl-C leaves, it goes on)`));
      await sleep(PAUSES[question] ?? 1000);
    }
  } finally {
    show('');
  }
}

/** Whether it ended as whoever asked for it wanted. */
export function isGood({ outcome }: Ended): boolean {
  return GOOD.has(outcome);
}

const GOOD = new Set(['live', 'unchanged', 'rolled-back', 'removed', 'recovered', 'examined']);

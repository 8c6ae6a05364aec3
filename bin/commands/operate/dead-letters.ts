import pc from 'picocolors';
import { FairleadError } from '../../../lib/errors.ts';
import type { OperateAnswer } from '../../../lib/operate/answer.ts';
import type { DeadLetter } from '../../../lib/operate/dead-letters.ts';
import type { OperateQuestion } from '../../../lib/operate/request.ts';
import { connect } from './connect.ts';
import { moment, plain } from './lines.ts';
import type { Common } from './register.ts';

export interface DeadLetterFlags extends Common {
  replay?: string;
  delete?: string | true;
  all?: true;
}

type Answer = Extract<OperateAnswer, { is: 'dead-letters' | 'replayed' | 'discarded' }>;

/** Shows the events that were given up, has them done after all, or drops them. Answers the exit code. */
export async function deadLetters(flags: DeadLetterFlags): Promise<number> {
  const question = questionOf(flags);
  const ask = await connect(flags);
  const answer = (await ask(question)) as Answer;
  console.log(flags.json ? JSON.stringify(answer, null, 2) : lines(answer).join('\n'));
  return 0;
}

/** @throws FairleadError `operate/unclear` for flags that do not go together */
export function questionOf({ replay, delete: drop, all }: DeadLetterFlags): OperateQuestion {
  if (replay !== undefined && (drop !== undefined || all)) throw unclear();
  if (replay !== undefined) return { do: 'replay', id: replay };
  if (drop === undefined) return all ? { do: 'replay' } : { do: 'dead-letters' };
  if ((drop === true) !== (all === true)) throw unclear();
  return drop === true ? { do: 'discard' } : { do: 'discard', id: drop };
}

export function lines({ is, letters }: Answer): string[] {
  if (letters.length === 0) return ['No event waits: all were handled.'];
  const shown = letters.flatMap(linesOf);
  if (is === 'replayed') {
    const sent = letters.filter(({ function: taker }) => taker !== undefined);
    const left = letters.filter(({ function: taker }) => taker === undefined);
    return [
      ...said(sent, (what) => `Sent ${what} once more:`),
      ...said(
        left,
        (what) => `Left ${what}, as nothing says which function that was for; --delete ID drops it:`,
      ),
    ];
  }
  if (is === 'discarded') return [`Deleted ${counted(letters)}:`, ...shown];
  const remedy = 'fairlead dead-letters --all has them done after all; --delete ID drops one';
  return [...shown, pc.dim(remedy)];
}

function said(letters: readonly DeadLetter[], heading: (what: string) => string): string[] {
  return letters.length === 0 ? [] : [heading(counted(letters)), ...letters.flatMap(linesOf)];
}

function linesOf({ id, at, function: taker, what, error }: DeadLetter): string[] {
  const whose = taker === undefined ? '' : ` ${pc.dim(`for ${taker}`)}`;
  return [`${pc.bold(id)}  ${moment(at)}  ${plain(what)}${whose}`, `  ${pc.red(plain(error))}`];
}

function counted({ length }: readonly DeadLetter[]): string {
  return length === 1 ? 'one event' : `${length} events`;
}

function unclear(): FairleadError {
  return new FairleadError({
    code: 'operate/unclear',
    operation: 'reading the command',
    cause: 'it does not say what is to become of which events',
    remedy: '--replay ID or --all has them done; --delete ID or --delete --all drops them',
  });
}

import { FairleadError } from '../../../lib/errors.ts';
import type { Answers } from './answers.ts';
import { faultIn, type Known, nextQuestion } from './questions.ts';

/** Where a person is. */
export interface Terminal {
  /** Shows `text`, and answers the line that is typed. */
  ask(text: string): Promise<string>;
  say(line: string): void;
}

/** Asks for what `answers` leave open, each question until its answer can stand. */
export async function askAll(answers: Answers, known: Known, terminal: Terminal): Promise<Answers> {
  let given = answers;
  for (let next = nextQuestion(given, known); next !== undefined; next = nextQuestion(given, known)) {
    const { text, usual } = next;
    const typed = (await terminal.ask(`${text}${usual ? ` [${usual}]` : ''} `)).trim();
    const said = typed === '' ? (usual ?? '') : typed;
    const fault = faultIn(next, said, given);
    if (fault === undefined) given = { ...given, ...next.take(said) };
    else terminal.say(`  ${fault}`);
  }
  return given;
}

/**
 * Takes for every open question what is usual.
 * @throws FairleadError `init/unanswered` that names the flag, where nothing is
 */
export function takeUsual(answers: Answers, known: Known): Answers {
  let given = answers;
  for (let next = nextQuestion(given, known); next !== undefined; next = nextQuestion(given, known)) {
    const { text, usual, flag } = next;
    if (usual === undefined)
      throw new FairleadError({
        code: 'init/unanswered',
        operation: 'writing the configuration',
        cause: `nobody can be asked here: ${text}`,
        remedy: `say it with ${flag}`,
      });
    given = { ...given, ...next.take(usual) };
  }
  return given;
}

import pc from 'picocolors';
import { BuildFailure } from '../../lib/build/failure.ts';
import { FairleadError, messageOf } from '../../lib/errors.ts';
import { asShown } from './progress/width.ts';

/**
 * Tells a person why a build failed: what the command said and the lines of the Dockerfile, then the reason. Commands,
 * registries and git hosts may say what would act on the terminal: that is taken out.
 */
export function showError(error: unknown, printRaw: (line: string) => void): void {
  const print = (head: string, text: string) => printRaw(head + text.split('\n').map(asShown).join('\n'));
  if (error instanceof BuildFailure) printRaw(`\n${marked(error.details)}\n`);
  if (!(error instanceof FairleadError)) {
    print(`${pc.red('ERROR:')} `, messageOf(error));
    return;
  }
  const { place, cause, remedy } = error.fault;
  print(`${pc.red('ERROR:')} `, `${place === undefined ? '' : `${place}: `}${cause}`);
  if (remedy !== undefined) print(`${pc.yellow('hint:')} `, remedy);
}

function marked(details: string): string {
  return details
    .split('\n')
    .map(asShown)
    .map((line) => (/^ *\d+ \| >>>/.test(line) ? pc.bold(line) : line))
    .join('\n');
}

import pc from 'picocolors';
import { BuildFailure } from '../../lib/build/failure.ts';
import { FairleadError, messageOf } from '../../lib/errors.ts';

/** Tells a person why a build failed: what the command said and the lines of the Dockerfile, then the reason. */
export function showError(error: unknown, print: (line: string) => void): void {
  if (error instanceof BuildFailure) print(`\n${marked(error.details)}\n`);
  if (!(error instanceof FairleadError)) {
    print(`${pc.red('ERROR:')} ${messageOf(error)}`);
    return;
  }
  const { place, cause, remedy } = error.fault;
  print(`${pc.red('ERROR:')} ${place === undefined ? '' : `${place}: `}${cause}`);
  if (remedy !== undefined) print(`${pc.yellow('hint:')} ${remedy}`);
}

function marked(details: string): string {
  return details
    .split('\n')
    .map((line) => (/^ *\d+ \| >>>/.test(line) ? pc.bold(line) : line))
    .join('\n');
}

import { constants } from 'node:os';

const MEANINGS: Record<number, string> = {
  126: 'the command is there, but cannot be run',
  137: 'it was killed, most often because memory ran out',
  139: 'it crashed: a memory fault',
  143: 'it was asked to end',
};

/**
 * What an exit code says to a person, in half a sentence (POSIX, "Exit Status for Commands"; 128 and more: by which
 * signal). Nothing for the codes that commands use for their own purposes. `said` are its last lines.
 */
export function meaningOf(code: number, said: readonly string[]): string | undefined {
  if (code === 127) return `command not found${notFound(said)}`;
  if (code === 126 && said.some((line) => /exec format error/i.test(line)))
    return 'the program is for another processor';
  const known = MEANINGS[code];
  if (known !== undefined || code <= 128) return known;
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return signal === undefined ? undefined : `it was ended by ${signal}`;
}

/** Which command the shell did not find: dash, busybox and bash each have their way to say it. */
function notFound(said: readonly string[]): string {
  for (const line of said.toReversed()) {
    const name =
      /(?:^|: )(?:line )?(?:\d+: )?([^\s:]+): (?:command )?not found\s*$/.exec(line)?.[1] ??
      /failed to execute '?([^\s:']+)'?: No such file/.exec(line)?.[1];
    if (name !== undefined) return `: ${name}`;
  }
  return '';
}

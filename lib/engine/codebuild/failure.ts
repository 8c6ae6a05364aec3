import type { EndedAnswer } from '../types.ts';
import { FAULT_LINE } from './buildspec.ts';

type Failure = Extract<EndedAnswer, { outcome: 'failed' }>;

/** Lines of a failed command's output that the answer repeats. */
const REPEATED_LINES = 30;

/** What BuildKit says of the end, newer and older; docker 20.10 puts several of these in front of each other. */
const LAST_WORD = /^(?:ERROR: |error: )?(?:failed to solve(?: with frontend \S+)?: )+(.*)$/;
const OLD_LAST_WORD = /^(executor failed running .*)$/;

/** What is in front of a line that a command wrote: the step's number, and the seconds since it began. */
const SAID = /^(?:#\d+ )?\d+\.\d+ /;

/** `process "/bin/sh -c make" did not complete successfully: exit code: 2`, and as BuildKit worded it before 0.10. */
const ENDED_BADLY =
  /^(?:.*: )?(?:process ".*" did not complete successfully|executor failed running \[.*\]): exit code: (\d+)/s;

/** What a registry or a network did, which another try or somebody else can put right. */
const ELSEWHERE =
  /failed to (?:resolve source|load metadata|fetch|do request|push|copy|authorize|get credentials|configure registry|get provenance)|error getting credentials|pull access denied|toomanyrequests|\b(?:401|403|429|5\d\d) |unexpected (?:status|EOF)|connection (?:refused|reset)|TLS handshake|i\/o timeout|no space left on device|[\w.-](?::[\w.-]+|@sha256:\w+): not found$/i;

/**
 * Why a build failed, from the last lines of its log: the script's own word, or BuildKit's with the output of the
 * command before it and the lines of the Dockerfile, as far as that BuildKit shows them.
 */
export function failureFrom(log: readonly string[]): Failure | undefined {
  const fault = log.findLast((line) => line.startsWith(FAULT_LINE));
  const text = log.join('\n');
  const word = log.findLast((line) => LAST_WORD.test(line) || OLD_LAST_WORD.test(line));
  // What docker said comes before what the script made of it.
  if (word === undefined) return fault === undefined ? undefined : scriptFault(fault, log);
  const said = LAST_WORD.exec(word)?.[1] ?? word;
  const line = lineOf(text);
  const at = line === undefined ? {} : { line };
  const details = [...outputOf(log), ...excerptOf(log)].join('\n');
  const place = line === undefined ? '' : `Dockerfile:${line}: `;
  const code = ENDED_BADLY.exec(said)?.[1];
  if (code !== undefined) {
    const last = outputOf(log).findLast((one) => one.trim() !== '');
    const reason = `${place}the command ended with exit code ${code}${last === undefined ? '' : `: ${last.trim()}`}`;
    return { outcome: 'failed', blame: 'commit', reason, details, ...at };
  }
  const blame = ELSEWHERE.test(said) ? 'elsewhere' : 'commit';
  return { outcome: 'failed', blame, reason: `${place}${oneLine(said)}`, details, ...at };
}

function scriptFault(line: string, log: readonly string[]): Failure {
  const [, word = '', reason = ''] = /^(\S+) (.*)$/.exec(line.slice(FAULT_LINE.length)) ?? [];
  const before = log
    .slice(0, log.lastIndexOf(line))
    .findLast((one) =>
      /^(curl|tar|Error|error|denied|unauth|An error occurred|Could not|Unable to)/.test(one),
    );
  return {
    outcome: 'failed',
    blame: word === 'no-dockerfile' ? 'commit' : 'elsewhere',
    reason: before === undefined ? reason : `${reason}: ${oneLine(before)}`,
    details: '',
  };
}

/** `Dockerfile:12` stands alone on its line, above the excerpt. */
function lineOf(text: string): number | undefined {
  const found = [...text.matchAll(/^Dockerfile:(\d+)$/gm)].at(-1)?.[1];
  return found === undefined ? undefined : Number(found);
}

/**
 * The failed command's last output: it was logged with the step's number as it came, and is repeated by newer BuildKits
 * between `------` and ` > [2/3] RUN …:` and the next `------`.
 */
function outputOf(log: readonly string[]): string[] {
  const failed = log.findLast((line) => /^#\d+ ERROR: /.test(line))?.split(' ')[0];
  const logged = log.filter(
    (line) => failed !== undefined && line.startsWith(`${failed} `) && SAID.test(line),
  );
  const heading = log.findLastIndex((line) => /^ > \[.*\] ?.*:$/.test(line));
  const end = log.findIndex((line, at) => at > heading && /^-{6}$/.test(line));
  const repeated = heading < 0 ? [] : log.slice(heading + 1, end < 0 ? undefined : end);
  const last = logged.length > 0 ? logged : repeated;
  return last.map((line) => line.replace(SAID, '')).slice(-REPEATED_LINES);
}

/** The Dockerfile around the line, as BuildKit shows it between two rules. */
function excerptOf(log: readonly string[]): string[] {
  const place = log.findLastIndex((line) => /^Dockerfile:\d+$/.test(line));
  if (place < 0) return [];
  const end = log.findIndex((line, at) => at > place + 1 && /^-{20}$/.test(line));
  return ['', log[place] ?? '', ...log.slice(place + 2, end < 0 ? place + 12 : end)];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

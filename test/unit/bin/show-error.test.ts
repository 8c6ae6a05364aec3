import type { WriteStream } from 'node:tty';
import { expect, it } from 'vitest';
import { displayFor } from '../../../bin/commands/progress/display.ts';
import { showError } from '../../../bin/commands/show-error.ts';
import { BuildFailure } from '../../../lib/build/failure.ts';

// A title for the window, text for the clipboard, an empty screen, a line that is written over.
const HOSTILE = '\x1b]0;t\x07\x1b]52;c;eA==\x1b\\\x1b[2Jgone\rshown\x9b2J';

it('tells nothing of a failed build that a terminal would obey', () => {
  const fault = { code: 'build/run-failed', operation: 'building', cause: HOSTILE, remedy: HOSTILE };
  const printed: string[] = [];
  for (const error of [new BuildFailure(fault, 1, `a\n${HOSTILE}`), new Error(HOSTILE)])
    showError(error, (line) => printed.push(line));
  const all = printed.join('\n');
  expect(all).toContain('shown');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that they are gone is what this is about
  expect(all.replaceAll(/\x1b\[\d+m/g, '')).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
});

it.each([
  ['a terminal', true, 'shown'],
  ['a file', false, '\x1b]0;t\x07'],
])('shows plain output in %s', (_, isTTY, expected) => {
  let written = '';
  const out = { isTTY, write: (text: string) => (written += text) } as unknown as WriteStream;
  const display = displayFor('plain', out, {});
  display.add({ type: 'output', stage: 's', number: 1, line: 1, text: HOSTILE });
  expect(written).toContain(expected);
  expect(written.includes('\x1b]')).toBe(!isTTY);
});

import { expect, it } from 'vitest';
import { lastWords } from '../../../lib/rollout/last-words.ts';

it.each([
  [
    'Go',
    'starting\npanic: runtime error: index out of range [1] with length 1\n\ngoroutine 1 [running]:\nmain.main()\nexit status 2',
    'panic: runtime error: index out of range [1] with length 1',
  ],
  [
    'Go out of locks',
    'fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select (no cases)]:',
    'fatal error: all goroutines are asleep - deadlock!',
  ],
  [
    'Node',
    '/app/main.js:3\nconst a = b;\n          ^\n\nReferenceError: b is not defined\n    at Object.<anonymous> (/app/main.js:3:11)\n\nNode.js v24.0.0',
    'ReferenceError: b is not defined',
  ],
  [
    'Python',
    'Traceback (most recent call last):\n  File "app.py", line 1, in <module>\nKeyError: \'DATABASE_URL\'',
    "KeyError: 'DATABASE_URL'",
  ],
  [
    'Python with a package',
    'psycopg2.OperationalError: could not connect',
    'psycopg2.OperationalError: could not connect',
  ],
  [
    'Java',
    'Exception in thread "main" java.lang.IllegalStateException: no config\n\tat Main.main(Main.java:3)',
    'Exception in thread "main" java.lang.IllegalStateException: no config',
  ],
  [
    'Rust',
    "thread 'main' panicked at src/main.rs:2:5:\nboom\nnote: run with RUST_BACKTRACE=1",
    "thread 'main' panicked at src/main.rs:2:5:",
  ],
  ['anything else', 'one\ntwo\n\n', 'two'],
])('of %s', (_, log, words) => {
  expect(lastWords(log.split('\n'))).toBe(words);
});

it('are none of a program that said nothing', () => {
  expect(lastWords([])).toBeUndefined();
  expect(lastWords(['', ' '])).toBeUndefined();
});

it('are cut where they are long', () => {
  expect(lastWords(['x'.repeat(1000)])).toBe(`${'x'.repeat(299)}…`);
});

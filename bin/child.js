// What is started in place of this process: it has its terminal, and is ended with it.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** The exit code that shells give to who ended by a signal (POSIX.1-2017, XCU 2.8.2). */
const codeOf = (signal) => 128 + constants.signals[signal];

/** Runs a command to its end, and answers its exit code. */
export function run(command, args, options) {
  return new Promise((resolve, reject) => {
    // A terminal's Ctrl-C reaches the child by itself; what is sent to this process alone is passed on. From before there is
    // a child: it may be told to end as soon as it has begun.
    const pass = (signal) => child.kill(signal);
    const ignore = () => {};
    process.on('SIGTERM', pass).on('SIGHUP', pass).on('SIGINT', ignore);
    const child = spawn(command, args, { ...options, stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', pass).off('SIGHUP', pass).off('SIGINT', ignore);
      resolve(code ?? codeOf(signal));
    });
  });
}

// Prints `passed failed skipped` of a vitest JSON report; appends what failed, and why, to the file of the second argument.
import { appendFileSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const LINES = 12;

const [report, failures] = process.argv.slice(2);
const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
  readFileSync(report, 'utf8'),
);
const briefly = (message = '') => message.split('\n').slice(0, LINES).join('\n    ');
// A file that cannot even be loaded has no tests to fail.
const unloaded = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);
for (const { name, message } of unloaded)
  appendFileSync(failures, `${relative('.', name)}\n    ${briefly(message)}\n`);
for (const { name, assertionResults } of testResults)
  for (const { status, fullName, failureMessages } of assertionResults)
    if (status === 'failed')
      appendFileSync(failures, `${relative('.', name)}: ${fullName}\n    ${briefly(failureMessages[0])}\n`);
console.log(numPassedTests, numFailedTests + unloaded.length, numPendingTests + numTodoTests);

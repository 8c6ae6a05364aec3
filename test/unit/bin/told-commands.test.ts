import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { registerBuild } from '../../../bin/commands/build.ts';
import { registerDeploy } from '../../../bin/commands/deploy/register.ts';
import { registerInit } from '../../../bin/commands/init/register.ts';
import { registerOperate } from '../../../bin/commands/operate/register.ts';
import { registerWebhookSecret } from '../../../bin/commands/webhook-secret/register.ts';
import { registerWebhooks } from '../../../bin/commands/webhooks/register.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const program = new Command('fairlead');
for (const register of [
  ...[registerBuild, registerInit, registerDeploy, registerOperate],
  ...[registerWebhooks, registerWebhookSecret],
])
  register(program);

interface Told {
  place: string;
  /** `deploy --region eu-west-1`, as far as it goes on one line */
  words: string;
}

/** Every `fairlead …` that people are told to type: in the guides, and in what the program says itself. */
const told: Told[] = globSync(['README.md', 'docs/*.md', '{bin,lib,lambdas}/**/*.ts'], { cwd: root }).flatMap(
  (place) =>
    [...readFileSync(join(root, place), 'utf8').matchAll(/npx fairlead ([a-z][^`'"#|;)\n]*)/g)].map(
      ([, words = '']) => ({ place, words }),
    ),
);

/** What is wrong with a command line; nothing where it could be typed. */
function faultOf({ words }: Told): string | undefined {
  const [name = '', ...rest] = words.trim().split(/\s+/);
  const command = program.commands.find((one) => one.name() === /^[a-z-]*[a-z]/.exec(name)?.[0]);
  if (command === undefined) return `there is no command ${name}`;
  const flags = rest.flatMap((word) => /^\[?(--?[a-z][a-z-]*)/.exec(word)?.[1] ?? []);
  const unknown = flags.filter(
    (flag) =>
      flag !== '--help' && !command.options.some(({ short, long }) => flag === short || flag === long),
  );
  return unknown.length === 0 ? undefined : `${name} has no ${unknown.join(', ')}`;
}

test('every command that people are told to type is there, with its flags', () => {
  expect(told.length).toBeGreaterThan(60);
  const faults = told.flatMap((one) => {
    const fault = faultOf(one);
    return fault === undefined ? [] : [`${one.place}: ${one.words.trim()}: ${fault}`];
  });
  expect(faults).toEqual([]);
});

test('a command or flag that is not there would be found', () => {
  expect(faultOf({ place: '', words: 'deploi' })).toMatch(/no command/);
  expect(faultOf({ place: '', words: 'deploy --regionn x' })).toMatch(/no --regionn/);
  expect(faultOf({ place: '', words: 'deploy --region x' })).toBeUndefined();
});

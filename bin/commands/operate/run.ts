import pc from 'picocolors';
import type { OperateAnswer } from '../../../lib/operate/answer.ts';
import { brief } from '../../../lib/report/brief.ts';
import { showError } from '../show-error.ts';
import { type Ask, connect } from './connect.ts';
import { deadLetters } from './dead-letters.ts';
import { follow, isGood } from './follow.ts';
import { plain, releaseName } from './lines.ts';
import { recover } from './recover.ts';
import type { Common, OfEnvironment } from './register.ts';
import { diffLines, releaseLines } from './show-releases.ts';
import { details, overview } from './show-status.ts';

/** Runs a command, and answers its exit code: 1 for what went wrong, which is shown. */
export async function showing(act: () => Promise<number>): Promise<number> {
  try {
    return await act();
  } catch (error) {
    showError(error, (line) => console.error(line));
    return 1;
  }
}

/** The commands, each of which answers its exit code. */
export const COMMANDS = {
  showStatus,
  showReleases,
  showDiff,
  rollBack,
  retry,
  approve,
  remove,
  recover,
  redeploy,
  deadLetters,
};

async function showStatus(flags: Common, app: string | undefined): Promise<number> {
  const ask = await connect(flags);
  const answer = of('status', await ask({ do: 'status', ...(app !== undefined && { app }) }));
  const lines = app === undefined ? overview : details;
  return print(flags, answer, () => lines(answer.environments, Date.now()));
}

async function showReleases(flags: OfEnvironment & { limit?: number }, app: string): Promise<number> {
  const ask = await connect(flags);
  const limit = flags.limit === undefined ? {} : { limit: flags.limit };
  const answer = of('releases', await ask({ do: 'releases', app, ...placeOf(flags), ...limit }));
  return print(flags, answer, () => releaseLines(answer));
}

async function showDiff(flags: OfEnvironment, app: string, number: number | undefined): Promise<number> {
  const ask = await connect(flags);
  const which = number === undefined ? {} : { number };
  const answer = of('diff', await ask({ do: 'diff', app, ...placeOf(flags), ...which }));
  return print(flags, answer, () => diffLines(answer));
}

async function rollBack(
  flags: OfEnvironment & { to?: number; reason?: string; by: string },
  app: string,
): Promise<number> {
  const ask = await connect(flags);
  const { to, reason = 'no reason was given', by } = flags;
  const question = { do: 'roll-back', app, ...placeOf(flags), reason, by } as const;
  const started = of('started', await ask({ ...question, ...(to !== undefined && { to }) }));
  const { from, to: back } = started;
  say(flags, `Rolling ${app} back in ${started.environment.name}:`);
  if (from !== undefined) say(flags, `  ${pc.red('-')} ${releaseName(from)}`);
  if (back !== undefined) say(flags, `  ${pc.green('+')} ${releaseName(back)}`);
  return await toItsEnd(ask, flags, started);
}

async function retry(
  flags: OfEnvironment & { deploy: boolean },
  app: string,
  commit: string | undefined,
): Promise<number> {
  const ask = await connect(flags);
  const { deploy } = flags;
  const question = { do: 'forgive', app, ...placeOf(flags), deploy } as const;
  const forgiven = of('forgiven', await ask({ ...question, ...(commit !== undefined && { commit }) }));
  const { bad, environment, execution } = forgiven;
  say(flags, `${brief(bad.commit)} is let in again in ${environment.name}. It was refused because:`);
  say(flags, `  ${plain(bad.reason)}`);
  if (execution !== undefined) return await toItsEnd(ask, flags, { environment, execution });
  return print(flags, forgiven, () => ['The next push of it deploys it.']);
}

async function approve(
  flags: Common & { commit: string; by: string },
  app: string,
  pullRequest: number,
): Promise<number> {
  const ask = await connect(flags);
  const { commit, by } = flags;
  const answer = of('asked', await ask({ do: 'approve', app, pullRequest, commit, by }));
  return print(flags, answer, () => [plain(answer.message)]);
}

async function remove(flags: Common & { by: string }, app: string, environment: string): Promise<number> {
  const ask = await connect(flags);
  const started = of('started', await ask({ do: 'remove', app, environment, by: flags.by }));
  say(flags, `Removing ${environment} of ${app}.`);
  return await toItsEnd(ask, flags, started);
}

async function redeploy(flags: OfEnvironment, app: string): Promise<number> {
  const ask = await connect(flags);
  const started = of('started', await ask({ do: 'redeploy', app, ...placeOf(flags) }));
  say(flags, `Deploying ${app} to ${started.environment.name} again.`);
  return await toItsEnd(ask, flags, started);
}

/** Follows what was started, and tells how it ended and what runs then. */
async function toItsEnd(
  ask: Ask,
  flags: Common,
  { environment, execution }: { environment: { app: string; name: string }; execution: string },
): Promise<number> {
  const ended = await follow(ask, execution, process.stderr);
  const { app, name } = environment;
  // Of an app whose last environment was removed nothing is known any more.
  const status = await ask({ do: 'status', app }).catch(() => undefined);
  const environments = status?.is === 'status' ? status.environments.filter((one) => one.name === name) : [];
  const message = plain(ended.message);
  print(flags, { ...ended, environment: environments[0] }, () => [
    isGood(ended) ? pc.green(message) : pc.red(message),
    ...(environments.length === 0 ? [] : ['', ...details(environments, Date.now())]),
  ]);
  return isGood(ended) ? 0 : 1;
}

function placeOf({ environment }: OfEnvironment) {
  return environment === undefined ? {} : { environment };
}

function say({ json }: Common, line: string): void {
  if (json === undefined) console.log(line);
}

function print({ json }: Common, answer: object, lines: () => readonly string[]): number {
  console.log(json ? JSON.stringify(answer, null, 2) : lines().join('\n'));
  return 0;
}

/** The answer that the question has. */
function of<I extends OperateAnswer['is']>(is: I, answer: OperateAnswer): Extract<OperateAnswer, { is: I }> {
  if (answer.is === is) return answer as Extract<OperateAnswer, { is: I }>;
  throw new Error(`the installation answers '${answer.is}' to another question; is it of another version?`);
}

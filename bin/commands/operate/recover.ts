import pc from 'picocolors';
import type { RecoveredEnvironment } from '../../../lib/operate/answer.ts';
import { type Ask, connect } from './connect.ts';
import { follow, isGood } from './follow.ts';
import { plain } from './lines.ts';
import type { Common } from './register.ts';

/** What is brought out anew, and how that ended. */
interface Redeployed {
  app: string;
  name: string;
  outcome: string;
  message: string;
}

/**
 * Brings the ledger and the cluster together, and then brings out anew what the cluster does not have. Answers the exit
 * code: 1 where something is left to be done.
 */
export async function recover(flags: Common, app: string | undefined): Promise<number> {
  const ask = await connect(flags);
  const started = await ask({ do: 'recover', ...(app !== undefined && { app }) });
  if (started.is !== 'started')
    throw new Error(`the installation answers '${started.is}' to another question`);
  const ended = await follow(ask, started.execution, process.stderr);
  const { environments = [] } = ended;
  const redeployed: Redeployed[] = [];
  for (const one of environments.filter(({ is }) => is === 'missing')) {
    if (!flags.json) console.log(`Bringing ${one.app} out anew in ${one.name}.`);
    redeployed.push(await redeploy(ask, one));
  }
  const good = isGood(ended) && redeployed.every((one) => isGood({ is: 'ended', ...one }));
  const lines = [
    ...environments.map(lineOf),
    ...redeployed.map((one) => plain(one.message)),
    (good ? pc.green : pc.red)(plain(ended.message)),
  ];
  console.log(flags.json ? JSON.stringify({ ...ended, redeployed }, null, 2) : lines.join('\n'));
  return good ? 0 : 1;
}

async function redeploy(ask: Ask, { app, name }: RecoveredEnvironment): Promise<Redeployed> {
  const started = await ask({ do: 'redeploy', app, environment: name });
  if (started.is !== 'started')
    return { app, name, outcome: 'failed', message: `it answers '${started.is}'` };
  const { outcome, message } = await follow(ask, started.execution, process.stderr);
  return { app, name, outcome, message };
}

function lineOf({ app, name, is, message }: RecoveredEnvironment): string {
  const colour = is === 'recovered' ? pc.green : is === 'unread' ? pc.red : pc.dim;
  return `  ${colour(is.padEnd(10))} ${plain(`${app} ${name}`)}: ${plain(message)}`;
}

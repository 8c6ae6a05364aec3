import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { HOST_KINDS, type HostKind } from '../../lib/host-kind.ts';
import type { RecoverAnswer } from '../../lib/ledger/recover.ts';
import { Recovery } from '../../lib/ledger/recovery.ts';
import type { Environment } from '../../lib/ledger/types.ts';
import { about } from '../../lib/log.ts';
import type { RecoveredEnvironment } from '../../lib/operate/answer.ts';
import { NO_COMMIT, noneBeside } from '../../lib/push/no-commit.ts';
import type { Recover } from '../../lib/push/request.ts';
import type { Push } from '../../lib/push/types.ts';
import { SWEPT } from '../../lib/push/upkeep.ts';
import { brief } from '../../lib/report/brief.ts';
import type { Recollection } from '../../lib/rollout/recollect.ts';
import type { Sighted } from '../../lib/rollout/survey.ts';
import { step } from './patience.ts';
import { dynamoDB, headOf, ledger, owners, environment as settings, subjectOf } from './services.ts';
import type { Settled } from './settle.ts';
import { ask, surveyAll } from './survey.ts';

const recovery = new Recovery(dynamoDB, settings.ledgerTable);

/** What a recovery answers beside how it ended. */
export type Recovered = Settled & { environments: readonly RecoveredEnvironment[] };

/**
 * Brings the ledger and the cluster together after one of them was lost: what the cluster was told by claims that the
 * ledger does not know comes back into it, and what the ledger says is live and the cluster does not have is marked, to
 * be brought out anew. Where both agree nothing changes, so it may be asked for at any time.
 */
export async function recover(context: DurableContext, request: Recover): Promise<Recovered> {
  about({ delivery: request.delivery, app: request.app ?? '', commit: '' });
  const survey = await surveyAll(context, request);
  const sighted = survey.sighted.filter((one) => isWanted(request, one.app));
  const unread = request.app === undefined ? survey.unread : [];
  const told: RecoveredEnvironment[] = [];
  for (const one of sighted) told.push(await bringBack(context, request, one));
  const listed = await step(context, 'listed', async () =>
    (await ledger.environments()).map(({ app, name }): Environment => ({ app, name })),
  );
  const isSighted = ({ app, name }: Environment) =>
    sighted.some((one) => one.app === app && one.environment === name);
  for (const one of listed.filter((each) => isWanted(request, each.app) && !isSighted(each))) {
    const answer = await step(context, 'miss', () => recovery.miss(one));
    told.push(describe(one, answer));
  }
  for (const namespace of unread)
    told.push({
      app: namespace,
      name: '?',
      is: 'unread',
      message: `the namespace ${namespace} may not be read`,
    });
  const count = (is: RecoveredEnvironment['is']) => told.filter((one) => one.is === is).length;
  const message = `${count('recovered')} recovered, ${count('missing')} missing in the cluster, ${count('as-known')} as known`;
  return { outcome: unread.length > 0 ? 'failed' : 'recovered', commit: '', message, environments: told };
}

function isWanted({ app }: Recover, one: string): boolean {
  return app === undefined || app === one;
}

async function bringBack(
  context: DurableContext,
  request: Recover,
  of: Sighted,
): Promise<RecoveredEnvironment> {
  const subject = subjectOf({ ...request, app: of.app }, '');
  const answer = await ask(context, { do: 'recollect', subject, of });
  if (answer.state !== 'recollected') throw new Error('the roll-out function answered another question');
  const execution = context.executionContext.durableExecutionArn;
  const { recollection } = answer;
  return await step(context, 'recover', () =>
    recoverOnce(of, recollection, { execution, delivery: request.delivery }),
  );
}

async function recoverOnce(
  of: Sighted,
  found: Recollection & { url?: string },
  by: { execution: string; delivery: string },
): Promise<RecoveredEnvironment> {
  const environment: Environment = { app: of.app, name: of.environment };
  const { claim } = await ledger.standing(environment);
  const push = pushOf(of, found, by.delivery);
  if (push !== undefined) await owners.take(of.app, push);
  const answer = await recovery.recover(environment, { ...found, ...by, ...(push && { push }) });
  const told = describe(environment, answer);
  if (answer.is !== 'recovered') return told;
  // What the sweep brought by itself, to a ledger that had forgotten it, nobody has pushed since.
  const pushed = claim?.delivery.startsWith(SWEPT) ? undefined : claim?.commit;
  const held = push === undefined ? undefined : await hold(environment, push, found, pushed);
  const runs = found.release && `runs ${brief(found.release.commit)}, release ${found.release.number}; `;
  const notes = [
    `${told.message}; ${runs ?? 'nothing runs; '}claims go on from ${answer.fence}`,
    ...(push === undefined ? ['its next push says which repository it is of'] : []),
    ...(held === undefined
      ? []
      : [`${brief(held)} is held: npx fairlead retry ${of.app} -e ${of.environment} deploys it`]),
  ];
  return { ...told, message: notes.join('; ') };
}

/**
 * A head that does not run may have been found bad, which nobody knows any more: it stays out until a person lets it in,
 * or the branch moves. One that was pushed since the ledger is as it is, is known to it, and comes by itself.
 */
async function hold(
  environment: Environment,
  push: Push,
  { release }: Recollection,
  claimed: string | undefined,
): Promise<string | undefined> {
  if (release === undefined || push.fork !== undefined) return undefined;
  const head = await headOf(push);
  if (head.is !== 'found' || head.commit === release.commit || head.commit === claimed) return undefined;
  const reason = 'it did not run when the ledger was recovered, and may have been taken back before';
  await ledger.markBad(environment, { commit: head.commit, reason, at: new Date().toISOString() });
  return head.commit;
}

/** The push that the environment is of, as its inventory says. */
function pushOf(of: Sighted, { release }: Recollection, delivery: string): Push | undefined {
  const { source, app, environment, namespace } = of;
  if (source === undefined || !HOST_KINDS.includes(source.host as HostKind)) return undefined;
  const { host, owner, repository, branch, pullRequest, fork } = source;
  const after = release?.commit ?? NO_COMMIT;
  return {
    ...{ host: host as HostKind, owner, repository, branch, app, delivery, after },
    before: noneBeside(after),
    ref: fork === undefined ? `refs/heads/${branch}` : `refs/${branch}`,
    environment: { name: environment, namespace },
    ...(pullRequest !== undefined && { pullRequest }),
    ...(fork && { fork }),
  };
}

function describe({ app, name }: Environment, answer: RecoverAnswer): RecoveredEnvironment {
  const told = { app, name, is: answer.is };
  switch (answer.is) {
    case 'recovered':
      return { ...told, message: `the ledger knew of ${answer.from} claims` };
    case 'missing':
      return {
        ...told,
        message: `release ${answer.live.release} is not in the cluster, and is to be brought out anew`,
      };
    case 'at-work':
      return { ...told, message: 'a deployment is at work on it' };
    case 'as-known':
      return { ...told, message: 'the ledger and the cluster agree' };
  }
}

import { FairleadError } from '../errors.ts';
import { targetAmong } from '../ledger/good.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Recovery } from '../ledger/recovery.ts';
import type { Environment, LastGood } from '../ledger/types.ts';
import type { Deploys } from '../push/installation.ts';
import { NO_COMMIT } from '../push/no-commit.ts';
import type { DeployRequest, LookAtPull } from '../push/request.ts';
import type { Named, OperateAnswer } from './answer.ts';
import { type DeadLetters, discardLetters, listLetters, replayLetters } from './dead-letters.ts';
import { findBad, findEnvironment, findRelease, findToDeploy } from './find.ts';
import { checkRemovable } from './removable.ts';
import { type Asked, type OperateRequest, readRequest } from './request.ts';
import { statusOf } from './status.ts';
import { type WebhookSettings, webhooksOf } from './webhooks.ts';

export interface OperateDeps {
  ledger: Recovery;
  /** What the installation deploys. */
  deploys: Deploys;
  /** Starts the deploy function, and answers the ARN of its execution. */
  deploy(request: DeployRequest): Promise<string>;
  /** Has the sweep function look at a pull request. */
  lookAtPull(request: LookAtPull): Promise<void>;
  /** How an execution of the deploy function goes on. */
  follow(execution: string): Promise<Extract<OperateAnswer, { is: 'going-on' | 'ended' }>>;
  deadLetters: DeadLetters;
  webhooks: WebhookSettings;
  /** A new id, by which a story is followed. */
  newId(): string;
}

/** Does what `event` asks for, or says why it cannot. @throws FairleadError which is worth another try */
export async function operate(deps: OperateDeps, event: unknown): Promise<OperateAnswer> {
  try {
    return await carryOut(deps, readRequest(event));
  } catch (error) {
    if (!(error instanceof FairleadError) || error.temporary) throw error;
    const { code, cause, remedy } = error.fault;
    return { is: 'refused', code, cause, ...(remedy !== undefined && { remedy }) };
  }
}

async function carryOut(deps: OperateDeps, request: OperateRequest): Promise<OperateAnswer> {
  const { ledger } = deps;
  switch (request.do) {
    case 'status':
      return { is: 'status', environments: await statusOf(ledger, request.app) };
    case 'releases':
      return await releases(deps, request);
    case 'diff': {
      const { app, name } = await findEnvironment(ledger, request);
      return {
        is: 'diff',
        environment: { app, name },
        release: await findRelease(ledger, { app, name }, request.number),
      };
    }
    case 'roll-back':
      return await rollBack(deps, request);
    case 'forgive':
      return await forgive(deps, request);
    case 'approve':
      return await approve(deps, request);
    case 'remove':
      return await remove(deps, request);
    case 'recover':
      return await recover(deps, request);
    case 'examine':
      return await examine(deps);
    case 'redeploy':
      return await redeploy(deps, request);
    case 'dead-letters':
      return { is: 'dead-letters', letters: await listLetters(deps.deadLetters) };
    case 'replay':
      return { is: 'replayed', letters: await replayLetters(deps.deadLetters, request.id) };
    case 'discard':
      return { is: 'discarded', letters: await discardLetters(deps.deadLetters, request.id) };
    case 'webhooks':
      return { is: 'webhooks', ...(await webhooksOf(ledger, deps.deploys, deps.webhooks)) };
    case 'progress':
      return await deps.follow(request.execution);
  }
}

async function releases({ ledger }: OperateDeps, request: Asked<'releases'>): Promise<OperateAnswer> {
  const { app, name } = await findEnvironment(ledger, request);
  const [live, past] = await Promise.all([
    ledger.live({ app, name }),
    ledger.history({ app, name }, request.limit),
  ]);
  return { is: 'releases', environment: { app, name }, releases: past, ...(live && { live: live.release }) };
}

/** What is plain is refused here, before anything is started; the claim decides it once more. Nothing is, where all is not quiet. */
async function rollBack(
  { ledger, deploy, newId }: OperateDeps,
  request: Asked<'roll-back'>,
): Promise<OperateAnswer> {
  const { app, name, push } = await findEnvironment(ledger, request);
  const environment = { app, name };
  const { to, reason, by } = request;
  const { live, claim, touched } = await ledger.standing(environment);
  const isAtWork = claim !== undefined && !claim.ended && claim.until > Date.now();
  let target: ReturnType<typeof targetAmong> | undefined;
  // What is being brought out, or brought back, changes what there is to go back to.
  if (!isAtWork && !touched) {
    const [past, bad] = await Promise.all([ledger.history(environment, 200), ledger.badCommits(environment)]);
    target = targetAmong(past, bad, { goes: past.find(({ number }) => number === live?.release), to });
    if (target.is === 'none') throw cannot(app, target.why);
  }
  const before = await underWay(ledger, environment);
  const execution = await deploy({
    do: 'roll-back',
    app,
    environment: push.environment,
    ...(to !== undefined && { to }),
    reason,
    by,
    delivery: `operate-${newId()}`,
  });
  const begun = touched && claim?.for === undefined ? before : undefined;
  const goes = begun ?? (touched ? undefined : named(live));
  const comes = target?.is === 'found' ? named(target.good) : begun && to === undefined && named(live);
  return { is: 'started', environment, execution, ...(goes && { from: goes }), ...(comes && { to: comes }) };
}

/** The release that is being brought out; none where one is brought back. */
async function underWay(ledger: Ledger, environment: Environment): Promise<Named | undefined> {
  const [newest] = await ledger.history(environment, 1);
  if (newest === undefined || newest.verdict !== undefined || newest.brings !== undefined) return undefined;
  return { release: newest.number, commit: newest.commit };
}

function named(live: LastGood | undefined): Named | undefined {
  return live && { release: live.release, commit: live.commit };
}

async function forgive(
  { ledger, deploy, newId }: OperateDeps,
  request: Asked<'forgive'>,
): Promise<OperateAnswer> {
  const { app, name, push } = await findEnvironment(ledger, request);
  const environment = { app, name };
  const bad = findBad(await ledger.badCommits(environment), request.commit, environment);
  await ledger.forgive(environment, bad.commit);
  // Of a fork only the commit is built that a person has approved.
  const brings = request.deploy && (push.fork === undefined || push.after === bad.commit);
  const execution = brings
    ? await deploy({ ...push, do: 'deploy', after: bad.commit, delivery: `operate-${newId()}` })
    : undefined;
  return { is: 'forgiven', environment, bad, ...(execution !== undefined && { execution }) };
}

async function approve(
  { ledger, lookAtPull, newId }: OperateDeps,
  { app, pullRequest, commit, by }: Asked<'approve'>,
): Promise<OperateAnswer> {
  const { push } = await findEnvironment(ledger, { app });
  const { host, owner, repository } = push;
  const word = { commit, by, from: 'command line' as const };
  const delivery = `operate-${newId()}`;
  await lookAtPull({ do: 'look-at-pull', host, owner, repository, number: pullRequest, word, delivery });
  return {
    is: 'asked',
    message: `pull request ${pullRequest} of ${app} will be previewed at ${commit}, if it still has that commit`,
  };
}

async function remove(
  { ledger, deploys, deploy, newId }: OperateDeps,
  request: Asked<'remove'>,
): Promise<OperateAnswer> {
  const found = await findEnvironment(ledger, request);
  const { app, name, push } = found;
  checkRemovable(found, deploys);
  const execution = await deploy({
    do: 'remove',
    app,
    environment: push.environment,
    reason: `removed by ${request.by}`,
    delivery: `operate-${newId()}`,
  });
  return { is: 'started', environment: { app, name }, execution };
}

async function recover({ deploy, newId }: OperateDeps, { app }: Asked<'recover'>): Promise<OperateAnswer> {
  const delivery = `operate-${newId()}`;
  const execution = await deploy({ do: 'recover', ...(app !== undefined && { app }), delivery });
  return { is: 'started', environment: { app: app ?? 'all apps', name: 'every environment' }, execution };
}

async function examine({ deploy, newId }: OperateDeps): Promise<OperateAnswer> {
  const execution = await deploy({ do: 'examine', delivery: `operate-${newId()}` });
  return { is: 'started', environment: { app: 'all apps', name: 'every environment' }, execution };
}

async function redeploy(
  { ledger, deploys, deploy, newId }: OperateDeps,
  request: Asked<'redeploy'>,
): Promise<OperateAnswer> {
  const push = await findToDeploy(ledger, deploys, request);
  const environment = { app: push.app, name: push.environment.name };
  if (push.after !== NO_COMMIT) await ledger.doubt(environment);
  const execution = await deploy({ ...push, do: 'deploy', delivery: `operate-${newId()}` });
  return { is: 'started', environment, execution };
}

function cannot(app: string, why: string): FairleadError {
  return new FairleadError({
    code: 'operate/no-rollback',
    operation: `rolling ${app} back`,
    cause: why,
    remedy: `fairlead releases ${app} shows what there is`,
  });
}

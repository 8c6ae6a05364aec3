import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda';
import { invokeLater } from '../lib/aws/lambda.ts';
import { HOST_NAMES, type HostKind } from '../lib/host-kind.ts';
import { about, log } from '../lib/log.ts';
import { decide } from '../lib/push/decide.ts';
import { decidePull, decideWord, type PullDecision } from '../lib/push/decide-pull.ts';
import {
  type CodeCommitEvent,
  isCodeCommitEvent,
  readCodeCommitEvent,
} from '../lib/push/hosts/codecommit/event.ts';
import { hostOf } from '../lib/push/hosts.ts';
import { inBrief } from '../lib/push/installation.ts';
import type { LookAtPull, Remove } from '../lib/push/request.ts';
import type { Headers, Host, HostEvent, Push, RefUpdate } from '../lib/push/types.ts';
import { brief } from '../lib/report/brief.ts';
import { measure } from '../lib/report/measure.ts';
import { METRICS, type Refusal } from '../lib/report/metrics.ts';
import { tell } from '../lib/report/story.ts';
import { awsEnvironment, receivePushEnvironment } from './env.ts';
import { Secret } from './secret.ts';
import { startDeploy } from './start-deploy.ts';

const environment = receivePushEnvironment();
const aws = awsEnvironment();
const secrets = new Map(
  Object.entries(environment.webhookSecretIds).map(([kind, id]) => [kind, new Secret(aws, id)]),
);

/** Bytes; what a function URL takes. */
const LARGEST = 6 * 1024 * 1024;

type Status = 'accepted' | 'ignored' | 'refused' | 'failed';

interface Answer {
  statusCode: number;
  status: Status;
  message: string;
}

/**
 * Takes a git host's webhook: believes it if it is signed, and starts the deploy function for a push that is to be
 * deployed. What it cannot do now is answered with a 5xx, so that the host shows the delivery as failed and it can be
 * sent again: the same delivery never starts a second execution.
 */
export async function handler(
  event: LambdaFunctionURLEvent | CodeCommitEvent,
): Promise<LambdaFunctionURLResult> {
  // What is told of this event is not about the push that came before it.
  log.resetKeys();
  // What fails is thrown: EventBridge's events are tried again, and wait for a person in the end.
  if (isCodeCommitEvent(event)) return toHttp(await hear('codecommit', readCodeCommitEvent(event)));
  try {
    return toHttp(await receive(event));
  } catch (error) {
    log.error('the webhook could not be handled', { error });
    const remedy = 'told in the log of the function; send the delivery again';
    measure([[METRICS.refusedWebhooks, 1]], { cause: 'internal' satisfies Refusal });
    return toHttp(answer(500, 'failed', `failed: an internal error, ${remedy}`));
  }
}

async function receive(event: LambdaFunctionURLEvent): Promise<Answer> {
  const { headers, requestContext } = event;
  // A browser, or who looks around on the internet: no webhook of anybody is lost.
  if (requestContext.http.method !== 'POST') return answer(405, 'ignored', 'webhooks come as POST requests');
  const body = bodyOf(event);
  if (Buffer.byteLength(body) > LARGEST) return refuse('too-large', 413, 'the event is larger than 6 MiB');
  const host = hostOf(headers);
  if (host === undefined)
    return refuse('unknown-host', 400, 'no git host that Fairlead knows sends such headers');
  const secret = secrets.get(host.kind);
  if (secret === undefined)
    return refuse('unknown-host', 400, `the installation expects no webhooks of ${HOST_NAMES[host.kind]}`);
  const signed = await whatSigned(host, secret, headers, body);
  if (signed === undefined) {
    log.warn('a webhook with a wrong signature was refused', { host: host.kind });
    const remedy = 'does the webhook have the same secret as the installation?';
    return refuse('signature', 401, `the signature does not fit; ${remedy}`);
  }
  const heard = await hear(host.kind, host.read(headers, body));
  return signed.is === 'current' ? heard : outdated(host.kind, heard, signed.until);
}

/** Says to whoever looks at the deliveries of their host that it has not got the new secret yet. */
function outdated(host: HostKind, heard: Answer, until: number | undefined): Answer {
  const end = until === undefined ? '' : ` until ${new Date(until).toISOString()}`;
  const note = `the webhook has the secret from before its last rotation, which is taken${end} or until the next one`;
  log.warn(note, { host });
  return { ...heard, message: `${heard.message} (${note})` };
}

async function hear(host: HostKind, said: HostEvent): Promise<Answer> {
  // By this the doctor knows a webhook that is set up from an address that strangers knock at.
  if (said.kind !== 'malformed') measure([[METRICS.heardWebhooks, 1]]);
  switch (said.kind) {
    case 'ping':
      return answer(
        200,
        'ignored',
        `${HOST_NAMES[host]} is connected: ${inBrief(environment.deploys)} will be deployed`,
      );
    case 'other':
      return answer(200, 'ignored', `ignored the event ${said.event}: nothing follows from it`);
    case 'malformed':
      return refuse(
        'malformed',
        400,
        `not an event as ${HOST_NAMES[host]} sends it, as application/json (${said.why})`,
      );
    case 'push':
      return await hearAll(said.updates);
    case 'pull-request':
      return await act(said.update, decidePull(said.update, environment.deploys));
    case 'word':
      return await act(said.spoken, decideWord(said.spoken, environment.deploys));
  }
}

/** One after the other: what fails is answered as failed, and starts nothing twice when the event is sent again. */
async function hearAll(updates: readonly RefUpdate[]): Promise<Answer> {
  const answers: Answer[] = [];
  for (const update of updates) answers.push(await act(update, decide(update, environment.deploys)));
  const message = answers.map((one) => one.message).join('; ');
  const accepted = answers.some(({ status }) => status === 'accepted');
  return accepted ? answer(202, 'accepted', message) : answer(200, 'ignored', message);
}

type Sent = Pick<RefUpdate, 'host' | 'delivery'>;

async function act({ host, delivery }: Sent, decision: PullDecision): Promise<Answer> {
  switch (decision.do) {
    case 'ignore': {
      const { app, ref, why } = decision;
      log.info('an event is ignored', { delivery, app, ref, why });
      return answer(200, 'ignored', `ignored ${app} ${ref} (${why})`);
    }
    case 'deploy':
      return await deploy(decision.push);
    case 'remove':
      return await remove(host, decision.remove);
    case 'look':
      return await look(decision.look);
  }
}

async function deploy(push: Push): Promise<Answer> {
  const subject = { delivery: push.delivery, app: push.app, commit: push.after };
  about(subject);
  const message = `push received: ${push.branch} of ${push.app} is at ${brief(push.after)}`;
  // Told first, so that it is the first chapter; a start that fails after it is answered as failed.
  tell(subject, 'push.received', message, { ref: push.ref, before: push.before, after: push.after });
  const once = { prefix: push.host, id: push.delivery };
  const started = await startDeploy(
    aws,
    environment.deployFunction,
    { do: 'deploy', ...push, receivedAt: Date.now() },
    once,
  );
  if (started === 'started') return answer(202, 'accepted', message);
  log.info('the delivery had started a deployment before');
  return answer(202, 'accepted', `${message} (${startedBefore(push)})`);
}

/** What a person reads who has sent a delivery again, to try it once more. */
function startedBefore({ app, environment: { name } }: Push): string {
  const redeploy = `npx fairlead redeploy ${app}${name === 'production' ? '' : ` -e ${name}`}`;
  return `this delivery has started its deployment before, and starts no other: to deploy again, push again or run ${redeploy}`;
}

async function remove(host: HostKind, request: Remove): Promise<Answer> {
  const { app, delivery, reason } = request;
  log.info('an environment is to be removed', {
    delivery,
    app,
    environment: request.environment.name,
    reason,
  });
  await startDeploy(aws, environment.deployFunction, request, { prefix: host, id: delivery });
  return answer(202, 'accepted', `removing ${request.environment.name} of ${app}: ${reason}`);
}

/** Whatever comes of it is told beside the pull request. */
async function look(request: LookAtPull): Promise<Answer> {
  await invokeLater(aws, environment.sweepFunction, request);
  const { owner, repository, number, delivery } = request;
  log.info('a pull request is looked at', { delivery, owner, repository, number });
  // Nobody follows a story here: none is told of this delivery.
  return answer(202, 'ignored', `looking at pull request ${number} of ${owner}/${repository}`);
}

/** The usual case asks Secrets Manager for nothing; a secret that was just rotated is read once more. */
async function whatSigned(
  host: Host,
  secret: Secret,
  headers: Headers,
  body: string,
): Promise<{ is: 'current' } | { is: 'previous'; until?: number } | undefined> {
  const isBy = async (value: string | undefined) =>
    value !== undefined && (await host.signedBy([value], headers, body));
  if (await isBy(await secret.current())) return { is: 'current' };
  const { current, previous } = await secret.all();
  if (await isBy(current)) return { is: 'current' };
  if (!(await isBy(previous?.value))) return undefined;
  return { is: 'previous', ...(previous?.until !== undefined && { until: previous.until }) };
}

function bodyOf({ body = '', isBase64Encoded }: LambdaFunctionURLEvent): string {
  return isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
}

/** An alarm watches how many there are. */
function refuse(cause: Refusal, statusCode: number, why: string): Answer {
  measure([[METRICS.refusedWebhooks, 1]], { cause });
  return answer(statusCode, 'refused', `refused: ${why}`);
}

function answer(statusCode: number, status: Status, message: string): Answer {
  return { statusCode, status, message };
}

function toHttp({ statusCode, status, message }: Answer): LambdaFunctionURLResult {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...(statusCode === 405 && { allow: 'POST' }) },
    body: JSON.stringify({ status, message }),
  };
}

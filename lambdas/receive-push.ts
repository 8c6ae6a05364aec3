import { createHash } from 'node:crypto';
import { DurableExecutionAlreadyStartedException, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda';
import { about, log } from '../lib/log.ts';
import { decide } from '../lib/push/decide.ts';
import { hostOf } from '../lib/push/hosts.ts';
import type { Headers, Host, Push, RefUpdate } from '../lib/push/types.ts';
import { brief } from '../lib/report/brief.ts';
import { tell } from '../lib/report/story.ts';
import { receivePushEnvironment } from './env.ts';
import { Secret } from './secret.ts';

const environment = receivePushEnvironment();
const lambda = new LambdaClient({});
const secret = new Secret(new SecretsManagerClient({}), environment.webhookSecretId);

/** Bytes; what a function URL takes. */
const LARGEST = 6 * 1024 * 1024;

type Status = 'accepted' | 'ignored' | 'refused' | 'failed';

/**
 * Takes a git host's webhook: believes it if it is signed, and starts the deploy function for a push that is to be
 * deployed. What it cannot do now is answered with a 5xx, so that the host shows the delivery as failed and it can be
 * sent again: the same delivery never starts a second execution.
 */
export async function handler(event: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult> {
  try {
    return await receive(event);
  } catch (error) {
    log.error('the webhook could not be handled', { error });
    return answer(
      500,
      'failed',
      'failed: an internal error, told in the log of the function; send the delivery again',
    );
  }
}

async function receive(event: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult> {
  const { headers, requestContext } = event;
  if (requestContext.http.method !== 'POST')
    return answer(400, 'refused', 'refused: webhooks come as POST requests');
  const body = bodyOf(event);
  if (Buffer.byteLength(body) > LARGEST)
    return answer(413, 'refused', 'refused: the event is larger than 6 MiB');
  const host = hostOf(headers);
  if (host === undefined)
    return answer(400, 'refused', 'refused: no git host that Fairlead knows sends such headers');
  if (!(await isAuthentic(host, headers, body))) {
    log.warn('a webhook with a wrong signature was refused', { host: host.name });
    const remedy = 'does the webhook have the same secret as the installation?';
    return answer(401, 'refused', `refused: the signature does not fit; ${remedy}`);
  }
  const said = host.read(headers, body);
  switch (said.kind) {
    case 'ping':
      return answer(
        200,
        'ignored',
        `${host.name} is connected: pushes to ${environment.branch} will be deployed`,
      );
    case 'other':
      return answer(200, 'ignored', `ignored the event ${said.event}: only pushes are of use here`);
    case 'malformed':
      return answer(
        400,
        'refused',
        `refused: not a push as ${host.name} sends it, as application/json (${said.why})`,
      );
    case 'push':
      return await take(said.update);
  }
}

async function take(update: RefUpdate): Promise<LambdaFunctionURLResult> {
  const decision = decide(update, environment.branch);
  if (decision.do === 'ignore') {
    const { app, ref, why } = decision;
    log.info('a push is ignored', { delivery: update.delivery, app, ref, why });
    return answer(200, 'ignored', `ignored ${app} ${ref} (${why})`);
  }
  const { push } = decision;
  const subject = { delivery: push.delivery, app: push.app, commit: push.after };
  about(subject);
  const message = `push received: ${push.branch} of ${push.app} is at ${brief(push.after)}`;
  // Told first, so that it is the first chapter; a start that fails after it is answered as failed.
  tell(subject, 'push.received', message, { ref: push.ref, before: push.before, after: push.after });
  await start(push);
  return answer(202, 'accepted', message);
}

/** Starts the deploy function, once for each delivery. */
async function start(push: Push): Promise<void> {
  const invoke = new InvokeCommand({
    FunctionName: environment.deployFunction,
    InvocationType: 'Event',
    DurableExecutionName: executionName(push),
    Payload: JSON.stringify(push),
  });
  try {
    await lambda.send(invoke);
  } catch (error) {
    // The host sent the delivery again, with another payload: the first one is at work.
    if (!(error instanceof DurableExecutionAlreadyStartedException)) throw error;
    log.info('the delivery had started a deployment before');
  }
}

/** Up to 64 of the letters that Lambda allows, the same for the same delivery. */
function executionName({ host, delivery }: Push): string {
  const id = /^[\w-]{1,48}$/.test(delivery)
    ? delivery
    : createHash('sha256').update(delivery).digest('hex').slice(0, 48);
  return `${host}-${id}`;
}

/** The usual case asks Secrets Manager for nothing; a secret that was just rotated is read once more. */
async function isAuthentic(host: Host, headers: Headers, body: string): Promise<boolean> {
  const current = await secret.current();
  if (current !== undefined && (await host.signedBy([current], headers, body))) return true;
  return await host.signedBy(await secret.all(), headers, body);
}

function bodyOf({ body = '', isBase64Encoded }: LambdaFunctionURLEvent): string {
  return isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
}

function answer(statusCode: number, status: Status, message: string): LambdaFunctionURLResult {
  return {
    statusCode,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ status, message }),
  };
}

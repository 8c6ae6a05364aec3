import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda';
import { invokeLater } from '../lib/aws/lambda.ts';
import { about, log } from '../lib/log.ts';
import { decide } from '../lib/push/decide.ts';
import { decidePull, decideWord, type PullDecision } from '../lib/push/decide-pull.ts';
import { hostOf } from '../lib/push/hosts.ts';
import type { LookAtPull, Remove } from '../lib/push/request.ts';
import type { Headers, Host, HostEvent, Push } from '../lib/push/types.ts';
import { brief } from '../lib/report/brief.ts';
import { tell } from '../lib/report/story.ts';
import { awsEnvironment, receivePushEnvironment } from './env.ts';
import { Secret } from './secret.ts';
import { startDeploy } from './start-deploy.ts';

const environment = receivePushEnvironment();
const aws = awsEnvironment();
const secret = new Secret(aws, environment.webhookSecretId);

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
  return await hear(host, host.read(headers, body));
}

async function hear(host: Host, said: HostEvent): Promise<LambdaFunctionURLResult> {
  switch (said.kind) {
    case 'ping':
      return answer(
        200,
        'ignored',
        `${host.name} is connected: pushes to ${environment.deploys.branch} will be deployed`,
      );
    case 'other':
      return answer(200, 'ignored', `ignored the event ${said.event}: nothing follows from it`);
    case 'malformed':
      return answer(
        400,
        'refused',
        `refused: not an event as ${host.name} sends it, as application/json (${said.why})`,
      );
    case 'push':
      return await act(said.update.delivery, decide(said.update, environment.deploys));
    case 'pull-request':
      return await act(said.update.delivery, decidePull(said.update, environment.deploys));
    case 'word':
      return await act(said.spoken.delivery, decideWord(said.spoken, environment.deploys));
  }
}

async function act(delivery: string, decision: PullDecision): Promise<LambdaFunctionURLResult> {
  switch (decision.do) {
    case 'ignore': {
      const { app, ref, why } = decision;
      log.info('an event is ignored', { delivery, app, ref, why });
      return answer(200, 'ignored', `ignored ${app} ${ref} (${why})`);
    }
    case 'deploy':
      return await deploy(decision.push);
    case 'remove':
      return await remove(decision.remove);
    case 'look':
      return await look(decision.look);
  }
}

async function deploy(push: Push): Promise<LambdaFunctionURLResult> {
  const subject = { delivery: push.delivery, app: push.app, commit: push.after };
  about(subject);
  const message = `push received: ${push.branch} of ${push.app} is at ${brief(push.after)}`;
  // Told first, so that it is the first chapter; a start that fails after it is answered as failed.
  tell(subject, 'push.received', message, { ref: push.ref, before: push.before, after: push.after });
  const once = { prefix: push.host, id: push.delivery };
  const started = await startDeploy(aws, environment.deployFunction, { do: 'deploy', ...push }, once);
  if (started === 'known') log.info('the delivery had started a deployment before');
  return answer(202, 'accepted', message);
}

async function remove(request: Remove): Promise<LambdaFunctionURLResult> {
  const { app, delivery, reason } = request;
  log.info('an environment is to be removed', {
    delivery,
    app,
    environment: request.environment.name,
    reason,
  });
  await startDeploy(aws, environment.deployFunction, request, { prefix: 'github', id: delivery });
  return answer(202, 'accepted', `removing ${request.environment.name} of ${app}: ${reason}`);
}

/** Whatever comes of it is told beside the pull request. */
async function look(request: LookAtPull): Promise<LambdaFunctionURLResult> {
  await invokeLater(aws, environment.sweepFunction, request);
  const { owner, repository, number, delivery } = request;
  log.info('a pull request is looked at', { delivery, owner, repository, number });
  // Nobody follows a story here: none is told of this delivery.
  return answer(202, 'ignored', `looking at pull request ${number} of ${owner}/${repository}`);
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

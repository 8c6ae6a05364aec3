import type { InvokeCommandOutput, LambdaClient, LambdaClientConfig } from '@aws-sdk/client-lambda';
import { FairleadError, messageOf } from '../../../lib/errors.ts';
import type { OperateAnswer } from '../../../lib/operate/answer.ts';
import type { OperateQuestion } from '../../../lib/operate/request.ts';
import { type RunningCloud, runningClouds } from '../../running-clouds.ts';

/** Asks the installation. What it refuses is thrown, as everything that goes wrong, with what to do about it. */
export type Ask = (question: OperateQuestion) => Promise<Exclude<OperateAnswer, { is: 'refused' }>>;

export interface Where {
  /** Name or ARN of the function. */
  function: string;
  /** The local cloud that runs on this machine: the newest, or the process that FAIRLEAD_LOCAL names. */
  local?: true;
}

const OPERATION = 'asking the installation';

export async function connect({ function: name, local }: Where): Promise<Ask> {
  const { InvokeCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
  const client = new LambdaClient(local ? await localConfiguration() : {});
  return async (question) => {
    const Payload = JSON.stringify(question);
    const invoke = new InvokeCommand({ FunctionName: name, Payload });
    const answer = await send(() => client.send(invoke), { client, name, local });
    if (answer.is !== 'refused') return answer;
    const { code, cause, remedy } = answer;
    throw new FairleadError({ code, operation: OPERATION, cause, ...(remedy !== undefined && { remedy }) });
  };
}

async function send(
  invoke: () => Promise<InvokeCommandOutput>,
  at: { client: LambdaClient; name: string; local: Where['local'] },
): Promise<OperateAnswer> {
  const { FunctionError, Payload } = await invoke().catch(async (error: unknown) => {
    throw await explained(error, at);
  });
  const text = Payload === undefined ? '' : Buffer.from(Payload).toString('utf8');
  if (FunctionError === undefined) return JSON.parse(text) as OperateAnswer;
  const { errorMessage } = JSON.parse(text) as { errorMessage?: string };
  throw new FairleadError({
    code: 'operate/broken',
    operation: OPERATION,
    cause: `the function ${at.name} broke: ${errorMessage ?? FunctionError}`,
    remedy: 'try again; its log has the rest',
    temporary: true,
  });
}

/** What AWS says, with what a person can do. */
async function explained(
  error: unknown,
  { client, name, local }: { client: LambdaClient; name: string; local: Where['local'] },
): Promise<FairleadError> {
  const kind = error instanceof Error ? error.name : '';
  const region = await Promise.resolve(client.config.region()).catch(() => 'no region');
  const fail = (cause: string, remedy: string) =>
    new FairleadError({ code: 'operate/unreachable', operation: OPERATION, cause, remedy }, { cause: error });
  if (local && kind === 'ResourceNotFoundException')
    return fail(
      `there is no function ${name} in the local cloud`,
      'leave out --function, or FAIRLEAD_OPERATE',
    );
  if (local)
    return fail(
      `the local cloud does not answer (${messageOf(error)})`,
      'is it still starting, or ending? Try again',
    );
  if (/Region is missing/.test(messageOf(error)))
    return fail(
      'no region is set',
      'set AWS_REGION to that of the installation; --local asks the cloud on this machine',
    );
  if (/Credentials|ExpiredToken|UnrecognizedClient|InvalidSignature/.test(kind))
    return fail(
      `AWS does not know who asks (${messageOf(error)})`,
      'log in (aws sso login), or name a profile in AWS_PROFILE; --local asks the cloud on this machine',
    );
  if (kind === 'ResourceNotFoundException')
    return fail(
      `there is no function ${name} in ${region}`,
      'set AWS_REGION and AWS_PROFILE to those of the installation, or name its function by --function',
    );
  if (/AccessDenied/.test(kind))
    return fail(
      `you may not invoke ${name}`,
      `ask for the right lambda:InvokeFunction on the function ${name}`,
    );
  return fail(messageOf(error), 'check the network, AWS_REGION and AWS_PROFILE');
}

/** Of any client of the SDK. */
type LocalConfiguration = Pick<LambdaClientConfig, 'region' | 'credentials' | 'maxAttempts'> & {
  endpoint: string;
};

/** Where a local cloud hears webhooks. */
export async function localWebhook(): Promise<string> {
  return (await localCloud()).webhook;
}

/** How the SDK finds a local cloud. `service`: as in the names of its variables, `SECRETS_MANAGER`. */
export async function localConfiguration(service = 'LAMBDA'): Promise<LocalConfiguration> {
  const { region, accessKeyId, secretAccessKey, endpoints } = await localCloud();
  return {
    region,
    endpoint: endpoints[`AWS_ENDPOINT_URL_${service}`] ?? '',
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 2,
  };
}

async function localCloud(): Promise<RunningCloud> {
  const clouds = await runningClouds();
  const wanted = process.env.FAIRLEAD_LOCAL;
  const cloud = wanted ? clouds.find(({ pid }) => String(pid) === wanted) : clouds[0];
  if (cloud === undefined)
    throw new FairleadError({
      code: 'operate/no-cloud',
      operation: OPERATION,
      cause: wanted ? `no local cloud is the process ${wanted}` : 'no local cloud is running',
      remedy:
        clouds.length === 0
          ? 'start one: npm start'
          : `FAIRLEAD_LOCAL may be ${clouds.map(({ pid }) => pid).join(', ')}`,
    });
  return cloud;
}

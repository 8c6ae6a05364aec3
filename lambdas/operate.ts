import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { executionOf, invokeLater } from '../lib/aws/lambda.ts';
import { FairleadError } from '../lib/errors.ts';
import { Recovery } from '../lib/ledger/recovery.ts';
import { log } from '../lib/log.ts';
import type { OperateAnswer } from '../lib/operate/answer.ts';
import { operate } from '../lib/operate/operate.ts';
import type { DeployRequest, LookAtPull } from '../lib/push/request.ts';
import { awsEnvironment, operateEnvironment } from './env.ts';
import { deadLettersOf } from './operate/dead-letters.ts';

const environment = operateEnvironment();
const { deployFunction, sweepFunction, ledgerTable, deploys, webhooks } = environment;
const ledger = new Recovery(new DynamoDBClient({}), ledgerTable);
const aws = awsEnvironment();
const deadLetters = deadLettersOf(aws, environment);

/**
 * What people and programs ask of the installation, one request each (lib/operate/request.ts): who may invoke this
 * function may do all of it, and needs no other right.
 */
export async function handler(event: unknown): Promise<OperateAnswer> {
  const answer = await operate(
    { ledger, deploys, deploy, lookAtPull, follow, deadLetters, webhooks, newId: randomUUID },
    event,
  );
  if (answer.is === 'refused') log.info('a request is refused', { code: answer.code });
  return answer;
}

async function deploy(request: DeployRequest): Promise<string> {
  const { execution } = await invokeLater(aws, deployFunction, request, request.delivery);
  if (execution !== undefined) return execution;
  throw new FairleadError({
    code: 'operate/not-followed',
    operation: 'starting the deploy function',
    cause: 'Lambda did not say which execution was started',
  });
}

async function lookAtPull(request: LookAtPull): Promise<void> {
  await invokeLater(aws, sweepFunction, request);
}

type Ended = Extract<OperateAnswer, { is: 'ended' }>;

/** The role lets this ask about executions of the deploy function and of no other. */
async function follow(execution: string): Promise<Extract<OperateAnswer, { is: 'going-on' | 'ended' }>> {
  const { Status: status, Result: result, Error: error } = await executionOf(aws, execution);
  if (status === 'RUNNING') return { is: 'going-on' };
  if (status === 'SUCCEEDED' && result !== undefined) {
    const { outcome, message, environments, findings } = JSON.parse(result) as Omit<Ended, 'is'>;
    return {
      is: 'ended',
      outcome,
      message,
      ...(environments && { environments }),
      ...(findings && { findings }),
    };
  }
  return {
    is: 'ended',
    outcome: 'failed',
    message: error?.ErrorMessage ?? `the execution ended as ${status}`,
  };
}

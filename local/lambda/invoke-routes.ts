import { AwsError } from '../aws/error.ts';
import type { Asynchronous } from './asynchronous.ts';
import type { Execution } from './durable/execution.ts';
import type { Executions } from './durable/executions.ts';
import type { Ending } from './durable/types.ts';
import type { Functions, Target } from './functions.ts';
import { type ApiAnswer, type ApiRequest, jsonBody, type Route } from './routes.ts';
import { failure, type Outcome } from './types.ts';

const SYNC_LIMIT = 6 * 1024 * 1024;
const ASYNC_LIMIT = 1024 * 1024;
const DURABLE_ARN = 'x-amz-durable-execution-arn';

/** Invoke and GetFunction. Source: API_Invoke, AWS Lambda API Reference. */
export function invokeRoutes(
  functions: Functions,
  executions: Executions,
  asynchronous: Asynchronous,
): Route[] {
  const targetOf = ({ labels, query }: ApiRequest) =>
    functions.find(labels.FunctionName ?? '', query.get('Qualifier') ?? undefined);
  const resource = (request: ApiRequest) => functions.arnOf(targetOf(request));
  return [
    {
      method: 'POST',
      path: '/2015-03-31/functions/{FunctionName}/invocations',
      action: 'InvokeFunction',
      resource,
      run: (request) => {
        const target = targetOf(request);
        const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
        checkPayload(request.body, type === 'Event' ? ASYNC_LIMIT : SYNC_LIMIT);
        if (type === 'DryRun') return { status: 204 };
        if (target.spec.durable !== undefined)
          return startDurable(executions, asynchronous, target, request, type);
        if (request.headers['x-amz-durable-execution-name'] !== undefined)
          throw new AwsError(
            'InvalidParameterValueException',
            `${target.spec.name} is not a durable function: it takes no DurableExecutionName`,
          );
        return type === 'Event'
          ? { status: 202, headers: { 'x-amzn-requestid': asynchronous.accept(target, request.body) } }
          : invokePlain(functions, target, request);
      },
    },
    {
      method: 'GET',
      path: '/2015-03-31/functions/{FunctionName}',
      action: 'GetFunction',
      resource,
      run: (request) => json({ Configuration: configurationOf(functions, targetOf(request)) }),
    },
  ];
}

function checkPayload(body: Buffer, limit: number): void {
  if (body.length > limit)
    throw new AwsError('RequestTooLargeException', `Request must be smaller than ${limit} bytes`, 413);
  try {
    if (body.length > 0) JSON.parse(body.toString('utf8'));
  } catch {
    jsonBody(body);
  }
}

async function invokePlain(functions: Functions, target: Target, request: ApiRequest): Promise<ApiAnswer> {
  const clientContext = request.headers['x-amz-client-context'];
  return answerOf(
    await functions.invoke(target, request.body, { whenBusy: 'refuse', clientContext }),
    target,
  );
}

async function startDurable(
  executions: Executions,
  asynchronous: Asynchronous,
  target: Target,
  { headers, body }: ApiRequest,
  type: string,
): Promise<ApiAnswer> {
  const payload = body.length === 0 ? '{}' : body.toString('utf8');
  const execution = executions.start(target, payload, headers['x-amz-durable-execution-name']);
  const arn = { [DURABLE_ARN]: execution.identity.arn };
  if (type === 'Event') {
    buryWhenFailed(execution, asynchronous, target);
    return { status: 202, headers: arn };
  }
  const answer = answerOf(outcomeOf(await execution.ended), target);
  return { ...answer, headers: { ...answer.headers, ...arn } };
}

/** "configure a dead-letter queue on your durable function to capture events from permanently failed executions" (ibid.) */
function buryWhenFailed(execution: Execution, asynchronous: Asynchronous, target: Target): void {
  // Started before by the same name, it has somebody who waits for its end.
  if (execution.isAwaited) return;
  execution.isAwaited = true;
  void execution.ended.then((ending) => {
    const outcome = outcomeOf(ending);
    if (outcome.ok || ending.status === 'STOPPED') return;
    asynchronous.giveUp(target, Buffer.from(execution.identity.payload), execution.identity.id, outcome);
  });
}

function outcomeOf(ending: Ending): Outcome {
  if (ending.status === 'SUCCEEDED') return { ok: true, payload: Buffer.from(ending.result ?? '') };
  const { ErrorType = ending.status, ErrorMessage = '', StackTrace } = ending.error;
  return failure({ errorType: ErrorType, errorMessage: ErrorMessage, trace: StackTrace });
}

function answerOf(outcome: Outcome, { qualifier }: Target): ApiAnswer {
  const headers = {
    'content-type': 'application/json',
    'x-amz-executed-version': qualifier === undefined || qualifier === '$LATEST' ? '$LATEST' : '1',
  };
  const failed: Record<string, string> = outcome.ok ? {} : { 'x-amz-function-error': 'Unhandled' };
  return { status: 200, headers: { ...headers, ...failed }, body: outcome.payload };
}

function configurationOf(functions: Functions, target: Target) {
  const { name, handler, memory, timeout, durable, environment } = target.spec;
  return {
    FunctionName: name,
    FunctionArn: functions.arnOf(target),
    Runtime: 'nodejs24.x',
    Handler: handler,
    MemorySize: memory,
    Timeout: timeout,
    Environment: { Variables: environment },
    State: 'Active',
    LastUpdateStatus: 'Successful',
    Version: '$LATEST',
    DurableConfig: durable && {
      ExecutionTimeout: durable.executionTimeout,
      RetentionPeriodInDays: durable.retentionPeriod,
    },
  };
}

/** An answer in JSON. */
const json = (value: unknown): ApiAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

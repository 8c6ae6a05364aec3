import { AwsError } from '../../aws/error.ts';
import { type ApiAnswer, type ApiRequest, jsonBody, type Route } from '../routes.ts';
import { answer } from './answer.ts';
import type { Executions } from './executions.ts';
import type { ErrorObject } from './types.ts';

const CALLBACK = '/2025-12-01/durable-execution-callbacks/{Id}';

/** How outsiders complete a callback. */
export function callbackRoutes(executions: Executions): Route[] {
  const find = ({ labels }: ApiRequest) => executions.findCallback(labels.Id ?? '');
  const resource = (request: ApiRequest) => find(request).execution.identity.arn;
  const done = (inTime: boolean): ApiAnswer => {
    if (inTime) return answer({});
    throw new AwsError('CallbackTimeoutException', 'The callback has timed out or is completed already');
  };
  const route = (verb: string, action: string, run: Route['run']): Route => ({
    method: 'POST',
    path: `${CALLBACK}/${verb}`,
    action: `SendDurableExecutionCallback${action}`,
    resource,
    run,
  });
  return [
    route('succeed', 'Success', (request) => {
      const { execution, operationId } = find(request);
      const result = request.body.length === 0 ? undefined : request.body.toString('utf8');
      return done(execution.settleCallback(operationId, { status: 'SUCCEEDED', result }));
    }),
    route('fail', 'Failure', (request) => {
      const { execution, operationId } = find(request);
      const error = jsonBody(request.body) as ErrorObject;
      return done(execution.settleCallback(operationId, { status: 'FAILED', error }));
    }),
    route('heartbeat', 'Heartbeat', (request) => {
      const { execution, operationId } = find(request);
      return done(execution.heartbeat(operationId));
    }),
  ];
}

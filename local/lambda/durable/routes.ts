import { AwsError } from '../../aws/error.ts';
import type { Functions } from '../functions.ts';
import { type ApiAnswer, type ApiRequest, jsonBody, type Route } from '../routes.ts';
import { functionArn } from '../types.ts';
import { describe, endingDetails, withoutData } from './describe.ts';
import type { Executions } from './executions.ts';
import type { ErrorObject, OperationUpdate } from './types.ts';
import { apiJson } from './wire.ts';

const EXECUTION = '/2025-12-01/durable-executions/{Arn}';
const CALLBACK = '/2025-12-01/durable-execution-callbacks/{Id}';
const HISTORY_PAGE = 1000;

/** The durable execution operations of Lambda's API, version 2025-12-01. */
export function durableRoutes(functions: Functions, executions: Executions): Route[] {
  const find = ({ labels }: ApiRequest) => executions.find(labels.Arn ?? '');
  const resource = ({ labels }: ApiRequest) => labels.Arn ?? '';
  return [
    {
      method: 'POST',
      path: `${EXECUTION}/checkpoint`,
      action: 'CheckpointDurableExecution',
      resource,
      run: (request) => {
        const { CheckpointToken = '', Updates = [] } = jsonBody(request.body);
        return answer(find(request).checkpoint(String(CheckpointToken), Updates as OperationUpdate[]));
      },
    },
    {
      method: 'GET',
      path: `${EXECUTION}/state`,
      action: 'GetDurableExecutionState',
      resource,
      run: (request) => {
        const { query } = request;
        const token = query.get('CheckpointToken') ?? '';
        return answer(
          find(request).state(token, query.get('Marker') ?? undefined, numberOf(query, 'MaxItems')),
        );
      },
    },
    {
      method: 'GET',
      path: `${EXECUTION}/history`,
      action: 'GetDurableExecutionHistory',
      resource,
      run: (request) => history(find(request).history.events, request.query),
    },
    {
      method: 'GET',
      path: EXECUTION,
      action: 'GetDurableExecution',
      resource,
      run: (request) => {
        const execution = find(request);
        const { payload, spec } = execution.identity;
        const DurableConfig = { ExecutionTimeout: spec.durable?.executionTimeout };
        return answer({
          ...describe(execution),
          ...endingDetails(execution),
          InputPayload: payload,
          DurableConfig,
        });
      },
    },
    {
      method: 'POST',
      path: `${EXECUTION}/stop`,
      action: 'StopDurableExecution',
      resource,
      run: (request) => {
        const execution = find(request);
        execution.stop(jsonBody(request.body) as ErrorObject);
        return answer({ StopTimestamp: execution.endedAt });
      },
    },
    {
      method: 'GET',
      path: '/2025-12-01/functions/{FunctionName}/durable-executions',
      action: 'ListDurableExecutionsByFunction',
      resource: ({ labels }) => functionArn(functions.place, labels.FunctionName ?? ''),
      run: ({ labels, query }) => {
        const { spec } = functions.find(labels.FunctionName ?? '');
        const statuses = query.getAll('Statuses');
        const name = query.get('DurableExecutionName');
        const wanted = executions
          .list(spec)
          .filter(({ status }) => statuses.length === 0 || statuses.includes(status))
          .filter(({ identity }) => name === null || identity.name === name);
        return answer({ DurableExecutions: wanted.map(describe) });
      },
    },
    ...callbackRoutes(executions),
  ];
}

function callbackRoutes(executions: Executions): Route[] {
  const find = ({ labels }: ApiRequest) => executions.findCallback(labels.Id ?? '');
  const resource = (request: ApiRequest) => find(request).execution.identity.arn;
  const done = (inTime: boolean): ApiAnswer => {
    if (inTime) return answer({});
    throw new AwsError('CallbackTimeoutException', 'The callback has timed out or is completed already');
  };
  return [
    {
      method: 'POST',
      path: `${CALLBACK}/succeed`,
      action: 'SendDurableExecutionCallbackSuccess',
      resource,
      run: (request) => {
        const { execution, operationId } = find(request);
        const result = request.body.length === 0 ? undefined : request.body.toString('utf8');
        return done(execution.settleCallback(operationId, { status: 'SUCCEEDED', result }));
      },
    },
    {
      method: 'POST',
      path: `${CALLBACK}/fail`,
      action: 'SendDurableExecutionCallbackFailure',
      resource,
      run: (request) => {
        const { execution, operationId } = find(request);
        const error = jsonBody(request.body) as ErrorObject;
        return done(execution.settleCallback(operationId, { status: 'FAILED', error }));
      },
    },
    {
      method: 'POST',
      path: `${CALLBACK}/heartbeat`,
      action: 'SendDurableExecutionCallbackHeartbeat',
      resource,
      run: (request) => {
        const { execution, operationId } = find(request);
        return done(execution.heartbeat(operationId));
      },
    },
  ];
}

function history(events: readonly object[], query: URLSearchParams): ApiAnswer {
  const all = query.get('ReverseOrder') === 'true' ? events.toReversed() : events;
  const from = numberOf(query, 'Marker') ?? 0;
  const to = from + Math.min(numberOf(query, 'MaxItems') ?? HISTORY_PAGE, HISTORY_PAGE);
  const page = all.slice(from, to);
  return answer({
    Events: query.get('IncludeExecutionData') === 'false' ? page.map(withoutData) : page,
    NextMarker: to < all.length ? String(to) : undefined,
  });
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  return text === null || !/^\d+$/.test(text) ? undefined : Number(text);
}

const answer = (value: object): ApiAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: apiJson(value),
});

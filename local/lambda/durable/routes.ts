import type { Functions } from '../functions.ts';
import { type ApiRequest, jsonBody, type Route } from '../routes.ts';
import { answer, numberOf } from './answer.ts';
import { callbackRoutes } from './callback-routes.ts';
import type { Executions } from './executions.ts';
import { inspectionRoutes } from './inspection-routes.ts';
import { invalid } from './operations.ts';
import type { ErrorObject, OperationUpdate } from './types.ts';

/** The path of one execution in the API, version 2025-12-01. */
const EXECUTION = '/2025-12-01/durable-executions/{Arn}';

/** The durable execution operations of Lambda's API. */
export function durableRoutes(functions: Functions, executions: Executions): Route[] {
  return [
    ...progressRoutes(executions),
    ...inspectionRoutes(functions, executions),
    ...callbackRoutes(executions),
  ];
}

/** What moves an execution on: its own function's checkpoints, and a stop from outside. */
function progressRoutes(executions: Executions): Route[] {
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
        if (!Array.isArray(Updates)) throw invalid('Updates must be a list.');
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
  ];
}

import type { Functions } from '../functions.ts';
import type { ApiAnswer, ApiRequest, Route } from '../routes.ts';
import { functionArn } from '../types.ts';
import { answer, numberOf } from './answer.ts';
import { describe, endingDetails, withoutData } from './describe.ts';
import type { Executions } from './executions.ts';

const EXECUTION = '/2025-12-01/durable-executions/{Arn}';
const HISTORY_PAGE = 1000;

/** What shows executions to people: one, its history, and all of a function. */
export function inspectionRoutes(functions: Functions, executions: Executions): Route[] {
  const find = ({ labels }: ApiRequest) => executions.find(labels.Arn ?? '');
  const resource = ({ labels }: ApiRequest) => labels.Arn ?? '';
  return [
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

import type { IncomingMessage, RequestListener } from 'node:http';
import type { Admission } from '../aws/admission.ts';
import { AwsError } from '../aws/error.ts';
import { takeIn } from '../aws/front-door.ts';
import { restJson } from '../aws/protocol.ts';
import { type ApiAnswer, errorAnswer, match, type Route } from './routes.ts';

// The payload of an invocation, and what is around it.
const BODY_LIMIT = 7 * 1024 * 1024;

/** Lambda's API over HTTP. With an `admission`, requests must be signed, and are told of as AWS calls. */
export function controlApi(routes: readonly Route[], admission: Admission | undefined): RequestListener {
  return (request, response) => {
    answer(routes, admission, request)
      .catch((error: unknown) => errorAnswer(asAwsError(error)))
      .then(({ status, headers = {}, body = '' }) => response.writeHead(status, headers).end(body))
      .catch(() => response.destroy());
  };
}

async function answer(
  routes: readonly Route[],
  admission: Admission | undefined,
  incoming: IncomingMessage,
): Promise<ApiAnswer> {
  const request = await takeIn(incoming, BODY_LIMIT);
  if (request === undefined)
    throw new AwsError('RequestTooLargeException', 'Request must be smaller than 6 MB', 413);
  const verdict = admission?.check(request);
  if (verdict?.admitted === false) throw restJson([]).refuse(verdict.refusal, verdict.message);
  const found = match(routes, request.method, request.target);
  if (found === undefined)
    throw new AwsError(
      'UnknownOperationException',
      `the local cloud does not speak ${request.method} ${request.target} of Lambda`,
      404,
    );
  const { route, labels, query } = found;
  const api = { labels, query, headers: request.headers, body: Buffer.from(request.body) };
  if (verdict?.admitted === true) {
    const { action } = route;
    admission?.record({ service: 'lambda', action, resource: route.resource(api) }, verdict.principal);
  }
  return route.run(api);
}

function asAwsError(error: unknown): AwsError {
  return error instanceof AwsError ? error : new AwsError('ServiceException', String(error), 500);
}

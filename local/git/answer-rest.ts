import type { IncomingMessage, ServerResponse } from 'node:http';
import { OWNER } from './payload.ts';
import { type Answer, notFound, type RestParts } from './rest-call.ts';

/** Answers a request to the host's REST API; `path` is what follows `/api/v3`. Anyone may ask, with a token or without. */
export async function answerRest(
  parts: RestParts,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await answerTo(parts, path, request, response);
  if (answer === 'sent') return;
  request.resume();
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...answer.headers,
  });
  response.end(text);
}

async function answerTo(
  parts: RestParts,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer | 'sent'> {
  const { name, rest } = parts.dialect.locate(path) ?? {};
  const repository = name === undefined ? undefined : await parts.repositories.find(name);
  if (repository === undefined || rest === undefined) return notFound();
  for (const [method, pattern, handler] of parts.dialect.routes) {
    const found = method === request.method ? pattern.exec(rest.replace(/\/$/, '')) : null;
    if (found === null) continue;
    const query = new URLSearchParams(path.split('?')[1] ?? '');
    const asked = { repository, part: found[1] ?? '', query, user: userOf(request), request, response };
    return handler({ ...parts, ...asked });
  }
  return notFound();
}

/** Nobody has a password here: a token is taken for the name of who asks. */
function userOf({ headers }: IncomingMessage): string {
  const said = headers.authorization ?? `token ${headers['private-token'] ?? ''}`;
  return /^(?:bearer|token) ([\w-]{1,39})$/i.exec(said)?.[1] ?? OWNER;
}

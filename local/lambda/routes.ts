import { AwsError } from '../aws/error.ts';

/** A request of the control API, let in and taken apart. */
export interface ApiRequest {
  /** Path parameters, decoded. */
  labels: Readonly<Record<string, string>>;
  query: URLSearchParams;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

export interface ApiAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** One operation of the control API. */
export interface Route {
  method: 'GET' | 'POST';
  /** With `{label}` for a path parameter, as in the API reference. */
  path: string;
  /** IAM's name of the action. */
  action: string;
  /** ARN of what it acts on. */
  resource(request: ApiRequest): string;
  run(request: ApiRequest): ApiAnswer | Promise<ApiAnswer>;
}

/** Finds the route for a request; undefined when there is none. */
export function match(routes: readonly Route[], method: string, target: string) {
  const { pathname, searchParams: query } = new URL(target, 'http://localhost');
  for (const route of routes) {
    if (route.method !== method) continue;
    const pattern = new RegExp(`^${route.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`);
    const groups = pattern.exec(pathname)?.groups;
    if (groups === undefined && !pattern.test(pathname)) continue;
    const labels = Object.fromEntries(
      Object.entries(groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
    return { route, labels, query };
  }
  return undefined;
}

/** An error as Lambda's API gives it. */
export function errorAnswer({ code, message, status }: AwsError): ApiAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
    body: JSON.stringify({ Type: status < 500 ? 'User' : 'Service', Message: message, message }),
  };
}

/** A body that is a JSON object; an empty one is `{}`. */
export function jsonBody(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below, as for JSON that is not an object.
  }
  throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
}

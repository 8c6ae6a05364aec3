import type { IncomingMessage } from 'node:http';

/** What a client of a function URL gets. */
export interface UrlAnswer {
  status: number;
  headers: Record<string, string>;
  cookies: string[];
  body: Buffer;
}

/**
 * An HTTP request as the event of a function URL, payload format 2.0. `target` is its path and query.
 * Source: "Invoking Lambda function URLs", AWS Lambda Developer Guide.
 */
export function eventOf(request: IncomingMessage, target: string, body: Buffer, requestId: string) {
  const [rawPath = '/', rawQueryString = ''] = target.split(/\?(.*)/s);
  const headers = joined(request);
  const isText = TEXT.test(headers['content-type'] ?? '');
  const now = new Date();
  const { host = 'localhost', 'user-agent': userAgent = '', cookie } = headers;
  delete headers.cookie;
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    cookies: cookie?.split('; '),
    headers,
    queryStringParameters: parameters(rawQueryString),
    requestContext: {
      accountId: 'anonymous',
      apiId: 'local',
      domainName: host,
      domainPrefix: host.split('.')[0],
      http: {
        method: request.method,
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress,
        userAgent,
      },
      requestId,
      routeKey: '$default',
      stage: '$default',
      time: clfTime(now),
      timeEpoch: now.getTime(),
    },
    body: body.length === 0 ? undefined : body.toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

// What Lambda passes on as text; everything else, forms among it, goes as base64.
const TEXT = /^\s*(text\/|application\/(json|javascript|xml|[\w.-]+\+(json|xml))\s*(;|$))/i;

/** Headers in lower case; those that came several times joined by commas. */
function joined(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values = []]) => [
      name,
      values.join(name === 'cookie' ? '; ' : ','),
    ]),
  );
}

function parameters(query: string): Record<string, string> | undefined {
  const all: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const before = Object.hasOwn(all, name) ? `${all[name]},` : '';
    all[name] = before + value;
  }
  return query === '' ? undefined : all;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `12/Mar/2026:19:03:58 +0000` */
function clfTime(date: Date): string {
  const iso = date.toISOString();
  return `${iso.slice(8, 10)}/${MONTHS[date.getUTCMonth()]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}

/**
 * A handler's answer as HTTP. One without a statusCode is the body itself, as JSON; one that cannot be understood
 * is a 502.
 */
export function urlAnswer(payload: Buffer): UrlAnswer {
  const answer = JSON.parse(payload.toString('utf8')) as Record<string, unknown> | null;
  if (typeof answer !== 'object' || answer === null || answer.statusCode === undefined)
    return { status: 200, headers: { 'content-type': 'application/json' }, cookies: [], body: payload };
  const { statusCode, headers = {}, cookies = [], body = '', isBase64Encoded } = answer;
  const status = Number(statusCode);
  if (
    !Number.isInteger(status) ||
    status < 100 ||
    status > 599 ||
    !isRecord(headers) ||
    !Array.isArray(cookies)
  )
    return {
      status: 502,
      headers: { 'content-type': 'application/json' },
      cookies: [],
      body: Buffer.from('{"Message":"Internal Server Error"}'),
    };
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    status,
    headers: { 'content-type': 'application/json', ...Object.fromEntries(lower) },
    cookies: cookies.map(String),
    body: Buffer.from(text, isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

import { randomUUID } from 'node:crypto';
import type { Refusal } from './admission.ts';
import { AwsError } from './error.ts';
import { type Input, object } from './input.ts';
import type { SignedRequest } from './sigv4.ts';
import { type XmlValue, xml } from './xml.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** How a service's API is put into HTTP: https://smithy.io/2.0/aws/protocols/ */
export interface Protocol {
  /** What is asked for. `body` is the request's, after any content-encoding was undone. */
  read(request: SignedRequest, body: Buffer): { action: string; input: Input };
  answer(action: string, output: unknown): Answer;
  fail(error: AwsError): Answer;
  /** The error of this protocol for an action that does not exist. */
  unknown(what: string): AwsError;
  refuse(refusal: Refusal, message: string): AwsError;
}

/** awsJson1.0 and 1.1: the action in X-Amz-Target, JSON both ways; an empty body where an action answers nothing. */
export function awsJson(version: '1.0' | '1.1'): Protocol {
  const reply = (status: number, headers: Record<string, string>, value: unknown): Answer => ({
    status,
    headers: { 'content-type': `application/x-amz-json-${version}`, ...requestId(), ...headers },
    body: value === undefined ? '' : JSON.stringify(value),
  });
  return {
    read: ({ headers }, body) => ({
      action: (headers['x-amz-target'] ?? '').split('.').at(-1) ?? '',
      input: parse(body),
    }),
    answer: (_, output) => reply(200, {}, output),
    fail: ({ code, message, status }) =>
      reply(status, { 'x-amzn-errortype': code }, { __type: code, message }),
    unknown: (what) => new AwsError('UnknownOperationException', what),
    refuse: (refusal, message) => new AwsError(REFUSALS[refusal], message),
  };
}

/** awsQuery: a form with `Action`, answers in XML. `namespace` is the service's XML namespace. */
export function awsQuery(namespace: string): Protocol {
  const reply = (status: number, root: string, value: XmlValue): Answer => ({
    status,
    headers: { 'content-type': 'text/xml', ...requestId() },
    body: xml(root, value, namespace),
  });
  return {
    read: ({ target }, body) => {
      // A URL that was signed beforehand says all in its query.
      const said = body.length > 0 ? body.toString('utf8') : target.replace(/^[^?]*\??/, '');
      const input = Object.fromEntries(new URLSearchParams(said));
      return { action: input.Action ?? '', input };
    },
    answer: (action, output) =>
      reply(200, `${action}Response`, {
        [`${action}Result`]: (output ?? {}) as XmlValue,
        ResponseMetadata: { RequestId: randomUUID() },
      }),
    fail: ({ code, message, status }) =>
      reply(status, 'ErrorResponse', {
        Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message },
        RequestId: randomUUID(),
      }),
    unknown: (what) => new AwsError('InvalidAction', what),
    refuse: (refusal, message) => new AwsError(QUERY_REFUSALS[refusal], message, 403),
  };
}

/** What a restJson service answers to a method and a path; path parameters become the input. */
export interface Route {
  method: string;
  /** Has a named group for each path parameter. */
  path: RegExp;
  action: string;
}

/** restJson1: the action is the method and the path. */
export function restJson(routes: readonly Route[]): Protocol {
  const reply = (status: number, headers: Record<string, string>, value: unknown): Answer => ({
    status,
    headers: { 'content-type': 'application/json', ...requestId(), ...headers },
    body: JSON.stringify(value),
  });
  return {
    read: ({ method, target }, body) => {
      const path = target.split('?')[0] ?? '/';
      const route = routes.find((candidate) => candidate.method === method && candidate.path.test(path));
      const labels = Object.entries(route?.path.exec(path)?.groups ?? {});
      const decoded = labels.map(([name, value]) => [name, decodeURIComponent(value)]);
      return {
        action: route?.action ?? `${method} ${path}`,
        input: { ...parse(body), ...Object.fromEntries(decoded) },
      };
    },
    answer: (_, output) => reply(200, {}, output ?? {}),
    fail: ({ code, message, status }) => reply(status, { 'x-amzn-errortype': code }, { message }),
    unknown: (what) => new AwsError('UnknownOperationException', what, 404),
    refuse: (refusal, message) => new AwsError(REFUSALS[refusal], message, 403),
  };
}

const REFUSALS: Record<Refusal, string> = {
  missing: 'MissingAuthenticationTokenException',
  'unknown-key': 'UnrecognizedClientException',
  'wrong-signature': 'InvalidSignatureException',
  'out-of-time': 'InvalidSignatureException',
};

const QUERY_REFUSALS: Record<Refusal, string> = {
  missing: 'MissingAuthenticationToken',
  'unknown-key': 'InvalidClientTokenId',
  'wrong-signature': 'SignatureDoesNotMatch',
  'out-of-time': 'SignatureDoesNotMatch',
};

const requestId = () => ({ 'x-amzn-requestid': randomUUID() });

function parse(body: Buffer): Input {
  if (body.length === 0) return {};
  try {
    return object(JSON.parse(body.toString('utf8')));
  } catch {
    throw new AwsError('SerializationException', 'the request body is not JSON');
  }
}

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { Admission, Principal } from './admission.ts';
import { AwsError } from './error.ts';
import { readBody } from './loopback.ts';
import { type Answer, awsJson, type Protocol } from './protocol.ts';
import type { Service } from './service.ts';
import type { SignedRequest } from './sigv4.ts';

/** A service that takes the whole HTTP request, once it was let in, instead of declaring operations. */
export interface RawService {
  protocol: Protocol;
  handle(request: SignedRequest, caller: Principal): Promise<RawAnswer>;
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

/** Services by the name they have in a credential scope, which is not always IAM's: CloudWatch signs as `monitoring`. */
export type Services = Readonly<Record<string, Service | RawService>>;

const BODY_LIMIT = 16 * 1024 * 1024;

/** The one address of all services: checks who signed, and passes on to the service that was signed for. */
export function frontDoor(admission: Admission, services: Services): RequestListener {
  return (request, response) => {
    answer(admission, services, request)
      .then((result) => send(response, result))
      .catch(() => response.destroy());
  };
}

/** An HTTP request with its body read, in the form that signatures are checked on. */
export async function takeIn(
  request: IncomingMessage,
  limit = BODY_LIMIT,
): Promise<SignedRequest | undefined> {
  const body = await readBody(request, limit);
  if (body === undefined) return undefined;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  return { method: request.method ?? 'GET', target: request.url ?? '/', headers, body };
}

function send(response: ServerResponse, { status, headers, body }: RawAnswer): void {
  response.writeHead(status, headers).end(body);
}

async function answer(
  admission: Admission,
  services: Services,
  incoming: IncomingMessage,
): Promise<RawAnswer> {
  const request = await takeIn(incoming);
  if (request === undefined)
    return awsJson('1.1').fail(new AwsError('RequestEntityTooLarge', 'the request is too large', 413));
  const verdict = admission.check(request);
  const service = Object.hasOwn(services, verdict.service ?? '')
    ? services[verdict.service ?? '']
    : undefined;
  const protocol = service?.protocol ?? awsJson('1.1');
  try {
    if (!verdict.admitted) return protocol.fail(protocol.refuse(verdict.refusal, verdict.message));
    if (service === undefined)
      throw protocol.unknown(`the local cloud does not speak the service ${verdict.service}`);
    if ('handle' in service) return await service.handle(request, verdict.principal);
    return await operate(admission, service, request, verdict.principal);
  } catch (error) {
    return protocol.fail(
      error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500),
    );
  }
}

async function operate(
  admission: Admission,
  service: Service,
  request: SignedRequest,
  caller: Principal,
): Promise<Answer> {
  const { action, input } = service.protocol.read(request, decoded(request));
  const operation = Object.hasOwn(service.operations, action) ? service.operations[action] : undefined;
  if (operation === undefined)
    throw service.protocol.unknown(`the local cloud does not speak ${service.iam}:${action}`);
  const asked = [{ action, resource: operation.resource?.(input) }, ...(operation.also?.(input) ?? [])];
  const context = operation.context?.(input);
  for (const one of asked)
    admission.record({ service: service.iam, ...one, ...(context && { context }) }, caller);
  return service.protocol.answer(action, await operation.run(input, caller));
}

// CloudWatch's client compresses large bodies (Smithy's requestCompression trait).
function decoded({ headers, body }: SignedRequest): Buffer {
  return headers['content-encoding'] === 'gzip' ? gunzipSync(body) : Buffer.from(body);
}

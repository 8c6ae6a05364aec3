import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Listener, listen, readBody } from '../aws/loopback.ts';
import type { Invocation } from './types.ts';

/** What the runtime in an execution environment says. */
export interface RuntimeEvents {
  /** The runtime is done with what it had, and asks for the next invocation. */
  onNext(): void;
  /** The runtime took the invocation; the answer is when it must be done, in milliseconds since 1970. */
  onTaken(invocation: Invocation): number;
  /** The handler's answer, or undefined when it was too large. */
  onResponse(requestId: string, body: Buffer | undefined): void;
  onError(requestId: string, body: Buffer): void;
  /** The handler could not be loaded. */
  onInitError(body: Buffer): void;
}

const PATH =
  /^\/2018-06-01\/runtime\/(?:(init)\/error|invocation\/(next)|invocation\/([^/]+)\/(response|error))$/;
const RESPONSE_LIMIT = 6 * 1024 * 1024;

/**
 * The Lambda Runtime API of one execution environment, on a loopback port of its own.
 * Source: "Using the Lambda runtime API for custom runtimes", AWS Lambda Developer Guide, version 2018-06-01.
 */
export class RuntimeApi {
  readonly #events: RuntimeEvents;
  #listener: Listener | undefined;
  #given: Invocation | undefined;
  #asking: ServerResponse | undefined;

  private constructor(events: RuntimeEvents) {
    this.#events = events;
  }

  static async start(events: RuntimeEvents): Promise<RuntimeApi> {
    const api = new RuntimeApi(events);
    api.#listener = await listen((request, response) => {
      api.#serve(request, response).catch(() => response.destroy());
    });
    return api;
  }

  /** `HOST:PORT`, for AWS_LAMBDA_RUNTIME_API. */
  get address(): string {
    return (this.#listener?.url ?? '').slice('http://'.length);
  }

  /** Hands over an invocation now or as soon as the runtime asks for one. */
  give(invocation: Invocation): void {
    this.#given = invocation;
    this.#handOver();
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, init, next, requestId = '', kind] = PATH.exec(request.url ?? '') ?? [];
    if (next !== undefined) {
      this.#asking = response;
      this.#events.onNext();
      this.#handOver();
      return;
    }
    const body = await readBody(request, RESPONSE_LIMIT);
    if (init !== undefined) this.#events.onInitError(body ?? Buffer.from('{}'));
    else if (kind === 'response') this.#events.onResponse(requestId, body);
    else if (kind === 'error') this.#events.onError(requestId, body ?? Buffer.from('{}'));
    else return answer(response, 404, { errorType: 'NotFound', errorMessage: `no ${request.url} here` });
    if (body !== undefined) return answer(response, 202, { status: 'OK' });
    answer(response, 413, { errorType: 'RequestEntityTooLarge', errorMessage: 'more than 6 MB' });
  }

  #handOver(): void {
    const invocation = this.#given;
    const response = this.#asking;
    if (invocation === undefined || response === undefined) return;
    this.#given = undefined;
    this.#asking = undefined;
    const deadline = this.#events.onTaken(invocation);
    const headers: Record<string, string | number> = {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.requestId,
      'lambda-runtime-deadline-ms': deadline,
      'lambda-runtime-invoked-function-arn': invocation.functionArn,
      'lambda-runtime-trace-id': `Root=1-${invocation.requestId.slice(0, 8)}-${'0'.repeat(24)};Sampled=0`,
    };
    if (invocation.clientContext !== undefined)
      headers['lambda-runtime-client-context'] = Buffer.from(invocation.clientContext, 'base64').toString();
    response.writeHead(200, headers).end(invocation.payload);
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

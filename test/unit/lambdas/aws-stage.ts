import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { vi } from 'vitest';

/** What a function of Lambda was invoked with. */
export interface Invoked {
  function: string;
  /** Of a durable execution. */
  name: string | undefined;
  payload: Record<string, unknown>;
}

/** Lambda and CloudWatch on one loopback port, as far as small functions speak to them: by a script. */
export class AwsStage {
  readonly invoked: Invoked[] = [];
  /** By the alarm's ARN. */
  tags: Record<string, Record<string, string>> = {};
  /** By the execution's ARN. */
  executions: Record<string, Record<string, unknown>> = {};
  /** The end of a target that answers with an error. */
  broken: string | undefined;
  readonly #names = new Set<string>();
  readonly #server = createServer(async (request, response) => {
    const body = await text(request);
    const { url = '', headers } = request;
    const answer = (status: number, value: unknown, more: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(value));
    if (this.broken !== undefined && headers['x-amz-target']?.toString().endsWith(this.broken))
      return answer(400, { __type: 'Broken', message: 'tags are out' });
    if (headers['x-amz-target']?.toString().endsWith('.ListTagsForResource')) {
      const tags = this.tags[(JSON.parse(body) as { ResourceARN: string }).ResourceARN];
      return answer(200, { Tags: Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value })) });
    }
    const parts = url.split('/').map(decodeURIComponent);
    if (parts[2] === 'durable-executions')
      return answer(200, { DurableExecutionArn: parts[3], ...this.executions[parts[3] ?? ''] });
    const name = headers['x-amz-durable-execution-name']?.toString();
    if (name !== undefined && this.#names.has(name)) {
      const type = { 'x-amzn-errortype': 'DurableExecutionAlreadyStartedException' };
      return answer(409, { message: 'started before' }, type);
    }
    if (name !== undefined) this.#names.add(name);
    this.invoked.push({ function: parts[3] ?? '', name, payload: JSON.parse(body) });
    return response
      .writeHead(202, name === undefined ? {} : { 'x-amz-durable-execution-arn': `arn:${name}` })
      .end();
  });

  /** Sets the environment of a function that is imported after this. */
  async set(variables: Record<string, string>): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    const endpoint = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    const all = {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_MAX_ATTEMPTS: '1',
      AWS_ENDPOINT_URL: endpoint,
      POWERTOOLS_LOG_LEVEL: 'SILENT',
      ...variables,
    };
    for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
  }

  async strike(): Promise<void> {
    vi.unstubAllEnvs();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

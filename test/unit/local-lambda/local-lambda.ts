import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, type InvokeCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import { build } from 'esbuild';
import { type LambdaOptions, startLambda } from '../../../local/lambda/start.ts';
import type { FunctionSpec, LogRecord } from '../../../local/lambda/types.ts';

export const region = 'us-east-1';
export const account = '000000000000';
export const credentials = { accessKeyId: 'AKIAFUNCTION', secretAccessKey: 'secret' };
/** The Node.js that tests run on stands for the one of the functions. */
export const node = process.execPath;

/** A function to be: its handler's TypeScript, and what differs from 128 MB, 10 seconds and nothing else. */
export type Source = Partial<Omit<FunctionSpec, 'name' | 'directory'>> & { code: string };

/** Bundles a handler as the lambdas are bundled for AWS. */
async function bundle(code: string, directory: string): Promise<void> {
  await build({
    stdin: { contents: code, loader: 'ts', resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    outfile: join(directory, 'index.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
  });
}

/** Starts Lambda with these functions; the log records that were heard are in `heard`. */
export async function start(sources: Record<string, Source>, options: Partial<LambdaOptions> = {}) {
  const stateDir = await mkdtemp(join(tmpdir(), 'local-lambda-'));
  const functions = await Promise.all(
    Object.entries(sources).map(async ([name, { code, ...rest }]): Promise<FunctionSpec> => {
      const directory = join(stateDir, 'code', name);
      await bundle(code, directory);
      return {
        name,
        directory,
        handler: 'index.handler',
        environment: {},
        memory: 128,
        timeout: 10,
        ...rest,
      };
    }),
  );
  let endpoint = '';
  const lambda = await startLambda({
    stateDir,
    region,
    account,
    functions,
    endpoints: () => ({ AWS_ENDPOINT_URL_LAMBDA: endpoint }),
    credentialsFor: () => credentials,
    node,
    idleMs: 60_000,
    ...options,
  });
  endpoint = lambda.endpoint;
  const heard: LogRecord[] = [];
  lambda.records.on('record', (record) => heard.push(record));
  const client = new LambdaClient({ endpoint, region, credentials, maxAttempts: 1 });
  return {
    ...lambda,
    stateDir,
    client,
    heard,
    call: async (FunctionName: string, event: unknown = {}, rest: Partial<InvokeCommandInput> = {}) => {
      const answer = await client.send(
        new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)), ...rest }),
      );
      const text = answer.Payload?.transformToString() ?? '';
      return { ...answer, value: text === '' ? undefined : JSON.parse(text) };
    },
    close: async () => {
      await lambda.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** Waits until `what` is true; the wait is bounded by the test's own time-out. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Whether a process runs; one that ended and waits for its parent to notice does not. */
export function isAlive(pid: number): boolean {
  try {
    const [, state] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    return state?.startsWith('Z') === false;
  } catch {
    return false;
  }
}

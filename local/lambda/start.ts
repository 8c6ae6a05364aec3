import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { Admission } from '../aws/admission.ts';
import { listen } from '../aws/loopback.ts';
import { Asynchronous } from './asynchronous.ts';
import { controlApi } from './control-api.ts';
import { Executions } from './durable/executions.ts';
import { durableRoutes } from './durable/routes.ts';
import { environmentsFolder } from './environment.ts';
import { functionUrls, urlPath } from './function-url.ts';
import { Functions } from './functions.ts';
import { invokeRoutes } from './invoke-routes.ts';
import { parseObject } from './lines.ts';
import { LogFile } from './log-file.ts';
import { removeFolder } from './remove-folder.ts';
import type { FunctionSpec, LogRecord, Place } from './types.ts';
import { type Credentials, variablesOf } from './variables.ts';

export interface LambdaOptions extends Place {
  /** Logs (`logs/FUNCTION.log`) and the environments' own files. */
  stateDir: string;
  functions: readonly FunctionSpec[];
  /** `AWS_ENDPOINT_URL_*` for the functions; asked whenever an execution environment starts. */
  endpoints: () => Readonly<Record<string, string>>;
  /** The keys of a function's role. */
  credentialsFor: (name: string) => Credentials;
  /** The Node.js 24 binary that functions run on. */
  node: string;
  /** How long an execution environment that is not used is kept warm. */
  idleMs: number;
  /** Checks signatures of the control API, and tells of calls; without it nobody has to sign. */
  admission?: Admission;
  /** Invocations at once, of all functions; AWS gives accounts 10 to 1,000. */
  concurrency?: number;
  /** What is waited before the second and the third attempt of an Event invocation that failed. */
  retryDelaysMs?: readonly number[];
  port?: number;
}

const CONCURRENCY = 50;

/** AWS Lambda on one machine: control API, durable executions, function URLs, and functions in processes of their own. */
export async function startLambda(options: LambdaOptions) {
  const { region, account, stateDir, admission } = options;
  const place = { region, account };
  await removeFolder(environmentsFolder(stateDir));
  const records = new EventEmitter<{ record: [LogRecord] }>();
  const logs = new Map(
    options.functions.map(({ name }) => [name, new LogFile(join(stateDir, 'logs', `${name}.log`))]),
  );
  const functions = new Functions({
    place,
    functions: options.functions,
    idleMs: options.idleMs,
    concurrency: options.concurrency ?? CONCURRENCY,
    hostFor: (spec) => ({
      node: options.node,
      stateDir,
      variables: variablesOf(
        spec,
        place,
        options.credentialsFor(spec.name),
        options.endpoints(),
        `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${randomUUID().replaceAll('-', '')}`,
      ),
      onLine: (line, requestId) => {
        logs.get(spec.name)?.append(line);
        const record = parseObject(line);
        records.emit('record', { function: spec.name, requestId, ...(record ? { record } : { text: line }) });
      },
    }),
  });
  // Lambda makes these calls with the function's role, and IAM is asked as for any other call.
  const executions = new Executions(functions, (caller, resource) => {
    const principal = admission?.find(options.credentialsFor(caller.name).accessKeyId)?.arn;
    if (principal !== undefined)
      admission?.record({ principal, service: 'lambda', action: 'InvokeFunction', resource });
  });
  const asynchronous = new Asynchronous(functions, options.retryDelaysMs);
  const routes = [
    ...invokeRoutes(functions, executions, asynchronous),
    ...durableRoutes(functions, executions),
  ];
  const control = await listen(controlApi(routes, admission), options.port);
  const urls = await listen(functionUrls(functions));
  return {
    /** Of the control API. */
    endpoint: control.url,
    /** Where HTTP requests to a function go; ends with a slash, as on AWS. */
    functionUrl: (name: string) => `${urls.url}${urlPath(name)}/`,
    records,
    /** Durable executions as they start and end. */
    executions: executions.changes,
    /** How many execution environments a function has right now. */
    environments: (name: string) => functions.environments(name),
    close: async () => {
      executions.close();
      asynchronous.close();
      await Promise.all([control.close(), urls.close()]);
      await functions.close();
    },
  };
}

import { join } from 'node:path';
import type { Admission } from '../aws/admission.ts';
import { listen } from '../aws/loopback.ts';
import type { Meter } from '../aws/services/cloudwatch-meter.ts';
import { Asynchronous } from './asynchronous.ts';
import { controlApi } from './control-api.ts';
import type { DeadLetter } from './dead-letters.ts';
import { Executions } from './durable/executions.ts';
import { durableRoutes } from './durable/routes.ts';
import { environmentsFolder, type Host } from './environment.ts';
import { functionUrls, urlPath } from './function-url.ts';
import { Functions } from './functions.ts';
import { invokeRoutes } from './invoke-routes.ts';
import { LogGroups } from './log-groups.ts';
import { FunctionMeter } from './measure.ts';
import { removeFolder } from './remove-folder.ts';
import { Schedule } from './schedule.ts';
import type { FunctionSpec, Place } from './types.ts';
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
  /** Takes the events that no attempt could handle; without it they are forgotten. */
  bury?: (letter: DeadLetter) => void;
  /** Told of what Lambda tells CloudWatch. */
  meter?: Meter;
  port?: number;
}

const CONCURRENCY = 50;

/** AWS Lambda on one machine: control API, durable executions, function URLs, and functions in processes of their own. */
export async function startLambda(options: LambdaOptions) {
  const { region, account, stateDir, admission } = options;
  const place = { region, account };
  await removeFolder(environmentsFolder(stateDir));
  const logs = new LogGroups(
    join(stateDir, 'logs'),
    options.functions.map(({ name }) => name),
  );
  const functions = new Functions({
    place,
    functions: options.functions,
    idleMs: options.idleMs,
    concurrency: options.concurrency ?? CONCURRENCY,
    meter: new FunctionMeter(options.meter ?? (() => {})),
    hostFor: (spec) => hostFor(spec, options, logs),
  });
  const executions = new Executions(functions, ({ name }, resource) =>
    recordChained(name, resource, options),
  );
  const asynchronous = new Asynchronous(functions, options.bury ?? (() => {}), options.retryDelaysMs);
  const schedule = new Schedule(options.functions, place, { functions, asynchronous });
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
    records: logs.records,
    /** Durable executions as they start and end. */
    executions: executions.changes,
    /** Invokes a function, named as Invoke takes it, with an event; it is tried again where it fails. */
    deliver: (reference: string, event: unknown) => {
      asynchronous.accept(functions.find(reference), Buffer.from(JSON.stringify(event)));
    },
    /** How many execution environments a function has right now. */
    environments: (name: string) => functions.environments(name),
    close: async () => {
      schedule.close();
      executions.close();
      asynchronous.close();
      await Promise.all([control.close(), urls.close()]);
      await functions.close();
    },
  };
}

function hostFor(spec: FunctionSpec, options: LambdaOptions, logs: LogGroups): Omit<Host, 'onEnded'> {
  recordLog(spec.name, options);
  return {
    node: options.node,
    stateDir: options.stateDir,
    variables: variablesOf(spec, options, options.credentialsFor(spec.name), options.endpoints()),
    onLine: (line, requestId) => logs.add(spec.name, line, requestId),
  };
}

/** What Lambda does with a function's role as soon as there is an environment: it writes to the log that it has begun. */
function recordLog(caller: string, { admission, credentialsFor, region, account }: LambdaOptions): void {
  const principal = admission?.find(credentialsFor(caller).accessKeyId);
  if (principal === undefined) return;
  const resource = `arn:aws:logs:${region}:${account}:log-group:/aws/lambda/${caller}:log-stream:local`;
  for (const action of ['CreateLogStream', 'PutLogEvents'])
    admission?.record({ service: 'logs', action, resource }, principal);
}

// Lambda makes these calls with the function's role, and IAM is asked as for any other call.
function recordChained(caller: string, resource: string, { admission, credentialsFor }: LambdaOptions): void {
  const principal = admission?.find(credentialsFor(caller).accessKeyId);
  if (principal !== undefined)
    admission?.record({ service: 'lambda', action: 'InvokeFunction', resource }, principal);
}

// The runtime: what `nodejs24.x` brings on AWS, in the process of one execution environment. It fetches events from
// the Lambda Runtime API, calls the handler, and posts answers back.
// Source: "Using the Lambda runtime API for custom runtimes" and "Define Lambda function handler in Node.js".
import { existsSync } from 'node:fs';
import http from 'node:http';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER } = process.env;
const API = '/2018-06-01/runtime';
const agent = new http.Agent({ keepAlive: true });
let current;
let isGivingUp = false;

// Standard input is a pipe that the local cloud holds open. When it closes, the local cloud is gone, however it went,
// and this process goes too, with all that the handler started (they share a process group).
process.stdin.on('close', endGroup).on('error', endGroup).resume();
process.on('uncaughtException', (error) => giveUp(error, 129));
process.on('unhandledRejection', (reason) => {
  const text = reason instanceof Error ? reason.message : String(reason);
  giveUp(Object.assign(new Error(text), { name: 'Runtime.UnhandledPromiseRejection', cause: reason }), 128);
});

// Code that was compiled once is not compiled again by the next environment.
enableCompileCache(process.argv[2]);
await run(await load());

async function load() {
  try {
    return await findHandler();
  } catch (error) {
    logError('Init Error', error);
    await post('/init/error', describe(error));
    process.exit(1);
  }
}

async function run(handler) {
  // Environments are killed and do not end by themselves, so that what was compiled is kept now or never.
  setTimeout(flushCompileCache, 1000).unref();
  for (;;) {
    const { headers, body } = await call('GET', '/invocation/next');
    current = headers['lambda-runtime-aws-request-id'];
    process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
    try {
      const result = await handler(JSON.parse(body), contextOf(headers));
      await post(`/invocation/${current}/response`, JSON.stringify(result === undefined ? null : result));
    } catch (error) {
      logError('Invoke Error', error);
      await post(`/invocation/${current}/error`, describe(error));
    }
    current = undefined;
  }
}

async function findHandler() {
  const dot = _HANDLER.lastIndexOf('.');
  const [module, name] = [_HANDLER.slice(0, dot), _HANDLER.slice(dot + 1)];
  const file = ['.js', '.mjs', '.cjs']
    .map((ending) => join(LAMBDA_TASK_ROOT, module + ending))
    .find(existsSync);
  if (file === undefined) throw named('Runtime.ImportModuleError', `Cannot find module '${module}'`);
  const loaded = await import(pathToFileURL(file).href).catch((error) => {
    const missing = error?.code === 'ERR_MODULE_NOT_FOUND' || error?.code === 'MODULE_NOT_FOUND';
    if (missing) throw named('Runtime.ImportModuleError', error.message);
    throw error instanceof SyntaxError
      ? named('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`)
      : error;
  });
  const handler = loaded[name] ?? loaded.default?.[name];
  if (typeof handler !== 'function')
    throw named('Runtime.HandlerNotFound', `${_HANDLER} is undefined or not exported`);
  // Node.js 24 on Lambda has no callbacks any more, and with them no callbackWaitsForEmptyEventLoop.
  if (handler.length >= 3)
    throw named(
      'Runtime.CallbackHandlerDeprecated',
      'a handler takes (event, context) and returns a promise',
    );
  return handler;
}

function contextOf(headers) {
  const { env } = process;
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const client = headers['lambda-runtime-client-context'];
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client === undefined ? undefined : JSON.parse(client),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function call(method, path, body) {
  const [host, port] = AWS_LAMBDA_RUNTIME_API.split(':');
  return new Promise((resolve, reject) => {
    const request = http.request({ agent, host, port, method, path: API + path }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ headers: response.headers, body: text }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

function post(path, body) {
  return call('POST', path, body);
}

function named(name, message) {
  return Object.assign(new Error(message), { name });
}

function describe(error) {
  if (!(error instanceof Error))
    return JSON.stringify({ errorType: typeof error, errorMessage: String(error), trace: [] });
  const { name, message, stack = '' } = error;
  return JSON.stringify({ errorType: name, errorMessage: message, trace: stack.split('\n') });
}

function logError(what, error) {
  process.stderr.write(`${new Date().toISOString()}\t${current ?? ''}\tERROR\t${what}\t${describe(error)}\n`);
}

// After an error that nobody caught the process cannot be trusted any more.
async function giveUp(error, exitCode) {
  if (isGivingUp) return;
  isGivingUp = true;
  logError('Uncaught Exception', error);
  const path = current === undefined ? '/init/error' : `/invocation/${current}/error`;
  await post(path, describe(error)).catch(() => {});
  process.exit(exitCode);
}

function endGroup() {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } finally {
    process.exit(1);
  }
}

import { type ClientRequest, request } from 'node:http';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Outcome } from './probe.ts';
import type { Sandbox } from './sandbox.ts';
import type { Container, Handler } from './types.ts';

/** A running container, to be asked something. */
export interface Target {
  sandbox: Sandbox;
  /** The runtime's id of it. */
  id: string;
  podIP: string;
  container: Container;
}

/** Tries a handler of a probe or a hook once; the failure's message is kubelet's. */
export async function attempt(target: Target, handler: Handler, timeoutMs: number): Promise<Outcome> {
  if (handler.exec) return run(target, handler.exec.command ?? [], timeoutMs);
  if (handler.httpGet) return get(target, handler.httpGet, timeoutMs);
  if (handler.tcpSocket) return connect(target, portOf(target.container, handler.tcpSocket.port), timeoutMs);
  return { result: 'success' };
}

async function run({ sandbox, id }: Target, command: string[], timeoutMs: number): Promise<Outcome> {
  const { code, output } = await sandbox.execute(id, command, timeoutMs);
  if (code === 0) return { result: 'success' };
  if (code === -2)
    return {
      result: 'failure',
      message: `command "${command.join(' ')}" timed out after ${timeoutMs / 1000}s`,
    };
  return { result: 'failure', message: output };
}

async function connect(target: Target, port: number, timeoutMs: number): Promise<Outcome> {
  try {
    (await dial(target, port, timeoutMs)).destroy();
    return { result: 'success' };
  } catch (error) {
    return { result: 'failure', message: (error as Error).message };
  }
}

/** @throws Error as Go words it */
async function dial({ sandbox, podIP }: Target, port: number, timeoutMs: number): Promise<Socket> {
  const fail = (cause: string) => new Error(`dial tcp ${podIP}:${port}: ${cause}`);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(fail('i/o timeout')), timeoutMs);
  const dialing = sandbox.dial(port);
  try {
    return await Promise.race([dialing, late]);
  } catch (error) {
    dialing.then(
      (socket) => socket.destroy(),
      () => {},
    );
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw fail(code === 'ECONNREFUSED' ? 'connect: connection refused' : `connect: ${code}`);
  } finally {
    clearTimeout(timer);
  }
}

async function get(
  target: Target,
  { path = '/', port, host, scheme = 'HTTP', httpHeaders = [] }: NonNullable<Handler['httpGet']>,
  timeoutMs: number,
): Promise<Outcome> {
  const number = portOf(target.container, port);
  const address = `${host ?? target.podIP}:${number}`;
  const url = `${scheme.toLowerCase()}://${address}${path.startsWith('/') ? path : `/${path}`}`;
  try {
    const socket = await dial(target, number, timeoutMs);
    const channel = scheme === 'HTTPS' ? connectTls({ socket, rejectUnauthorized: false }) : socket;
    const status = await ask(channel, address, path, httpHeaders, timeoutMs).finally(() => socket.destroy());
    if (status >= 200 && status < 400) return { result: 'success' };
    return { result: 'failure', message: `HTTP probe failed with statuscode: ${status}` };
  } catch (error) {
    return { result: 'failure', message: `Get "${url}": ${(error as Error).message}` };
  }
}

/** @returns the status code */
function ask(
  channel: Socket,
  address: string,
  path: string,
  httpHeaders: { name: string; value: string }[],
  timeoutMs: number,
): Promise<number> {
  const own = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]));
  return new Promise((resolve, reject) => {
    const asked: ClientRequest = request({
      createConnection: () => channel,
      path,
      headers: { 'user-agent': 'kube-probe/1.32', accept: '*/*', connection: 'close', host: address, ...own },
    });
    const timer = setTimeout(
      () => reject(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')),
      timeoutMs,
    );
    asked.on('response', (response) => {
      clearTimeout(timer);
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(error.code === 'ECONNRESET' ? new Error('EOF') : error);
    });
    asked.end();
  });
}

/** A port by its number or its name in the container. */
function portOf({ ports = [] }: Container, port: number | string): number {
  const named = ports.find(({ name }) => name === port);
  return named?.containerPort ?? Number(port);
}

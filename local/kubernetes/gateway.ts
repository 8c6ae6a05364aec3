import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { KubeConfig } from '@kubernetes/client-node';
import { Authority } from './api/tls/certificates.ts';

/** Who a bearer token speaks for. */
export interface Identity {
  username: string;
  groups: readonly string[];
}

export interface GatewayOptions {
  /** Path of a kubeconfig with the right to impersonate. */
  kubeconfig: string;
  authenticate: (token: string) => Identity | undefined;
}

export interface Gateway {
  /** `https://127.0.0.1:PORT` */
  endpoint: string;
  /** PEM. */
  ca: string;
  /** One request with the kubeconfig's own rights. @returns the answer's status */
  asOwner(method: string, path: string, body: unknown, contentType: string): Promise<number>;
  close(): Promise<void>;
}

/**
 * Stands in front of somebody's cluster as EKS stands in front of its own: lets in who has an EKS token, and passes
 * the request on in that identity, so that the cluster's RBAC decides. Source: Kubernetes, "User impersonation".
 */
export async function startGateway({ kubeconfig, authenticate }: GatewayOptions): Promise<Gateway> {
  const config = new KubeConfig();
  try {
    config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new Error(`KUBECONFIG ${kubeconfig} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null || cluster === undefined)
    throw new Error(
      `${kubeconfig}: it has no current context; choose one with \`kubectl config use-context\``,
    );

  const authority = await Authority.create('fairlead-gateway-ca');
  const { certificate, key } = await authority.server('fairlead-gateway', ['127.0.0.1', 'localhost']);
  const forward = async (from: IncomingMessage, to: ServerResponse, headers: RequestOptions['headers']) => {
    const options: RequestOptions = { method: from.method, headers };
    await config.applyToHTTPSOptions(options);
    const onward = request(new URL(from.url ?? '/', withSlash(cluster.server)), options);
    // Watches end when their client goes; nobody else would end them.
    to.on('close', () => onward.destroy());
    const answered = await new Promise<IncomingMessage>((resolve, reject) => {
      onward.on('response', resolve);
      onward.on('error', reject);
      from.pipe(onward);
    });
    if (to.destroyed) answered.destroy();
    else pass(answered, to);
  };
  const server = createServer({ cert: certificate, key }, (asked, answer) => {
    const token = /^Bearer (\S+)$/.exec(asked.headers.authorization ?? '')?.[1];
    const identity = token === undefined ? undefined : authenticate(token);
    if (identity === undefined)
      return refuse(answer, 401, 'Unauthorized', 'no identity goes with this token');
    forward(asked, answer, impersonating(asked, identity)).catch((error: Error) => {
      if (!answer.destroyed) refuse(answer, 502, 'BadGateway', `${cluster.server}: ${error.message}`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: authority.certificate,
    asOwner: (method, path, body, contentType) =>
      asOwner(config, cluster.server, method, path, body, contentType),
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

const withSlash = (url: string) => (url.endsWith('/') ? url : `${url}/`);

/** What a caller may not say themselves: who they are, and what belongs to one connection only. */
const NOT_PASSED_ON = /^(authorization|host|connection|keep-alive|transfer-encoding|impersonate-.*)$/;

function impersonating(
  asked: IncomingMessage,
  { username, groups }: Identity,
): Record<string, string | string[]> {
  const passed = Object.entries(asked.headers).filter(
    (entry): entry is [string, string | string[]] => entry[1] !== undefined && !NOT_PASSED_ON.test(entry[0]),
  );
  return {
    ...Object.fromEntries(passed),
    'Impersonate-User': username,
    // Every user of EKS is in it; impersonation brings only the groups that it names.
    'Impersonate-Group': [...groups, 'system:authenticated'],
  };
}

function pass(answered: IncomingMessage, answer: ServerResponse): void {
  const { connection, 'keep-alive': _, 'transfer-encoding': __, ...headers } = answered.headers;
  answer.writeHead(answered.statusCode ?? 502, headers);
  // A watch's first event may be long in coming; its client waits for the head.
  answer.flushHeaders();
  pipeline(answered, answer, () => answered.destroy());
}

function refuse(answer: ServerResponse, code: number, reason: string, message: string): void {
  answer.writeHead(code, { 'content-type': 'application/json' });
  answer.end(JSON.stringify({ apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message }));
}

async function asOwner(
  config: KubeConfig,
  server: string,
  method: string,
  path: string,
  body: unknown,
  contentType: string,
): Promise<number> {
  const options: RequestOptions = { method, headers: { 'content-type': contentType } };
  await config.applyToHTTPSOptions(options);
  return new Promise((resolve, reject) => {
    const asking = request(new URL(path, withSlash(server)), options, (answered) => {
      answered.resume();
      answered.on('end', () => resolve(answered.statusCode ?? 0));
    });
    asking.on('error', reject);
    asking.end(JSON.stringify(body));
  });
}

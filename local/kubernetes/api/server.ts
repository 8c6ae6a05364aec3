import { writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Store } from '../store.ts';
import type { Authenticate } from './auth/user.ts';
import { bootstrap } from './bootstrap.ts';
import type { Service } from './http/handle.ts';
import { listener } from './http/listener.ts';
import type { LogProvider } from './resources/context.ts';
import { Authority } from './tls/certificates.ts';
import { writeKubeconfig } from './tls/kubeconfig.ts';

export interface ApiServerOptions {
  store: Store;
  /** 0, the default, takes a free port. */
  port?: number;
  host: string;
  /** Where the kubeconfig and the CA certificate are written. */
  stateDir: string;
  /** Tells who a bearer token belongs to. */
  authenticate: Authenticate;
  /** The output of containers, from whoever runs them. */
  logs: LogProvider;
}

export interface ApiServer {
  /** `https://127.0.0.1:6443` */
  endpoint: string;
  /** The CA's certificate, PEM. */
  ca: string;
  /** A kubeconfig of the administrator. */
  kubeconfigFile: string;
  /** Goes down as for an upgrade: every connection ends, and new ones are refused until what it answers is called. */
  interrupt: () => Promise<() => Promise<void>>;
  close: () => Promise<void>;
}

/** Serves the store as the Kubernetes API, over HTTPS with a certificate authority of its own. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { store, host, port = 0, stateDir, authenticate, logs } = options;
  const stopBootstrap = bootstrap(store);
  const authority = await Authority.create('kubernetes');
  const { certificate, key } = await authority.server('kube-apiserver', [
    ...new Set([host, '127.0.0.1', 'localhost']),
  ]);
  const tls = {
    cert: certificate,
    key,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: false,
  };
  const serve = (at: number) => serving(tls, { store, authenticate, logs }, at, host);
  let server = await serve(port);
  const endpoint = `https://${host}:${server.port}`;
  const kubeconfigFile = join(stateDir, 'kubeconfig');
  const ca = authority.certificate;
  const credential = await authority.client({ commonName: 'admin', organization: 'system:masters' });
  await writeKubeconfig(kubeconfigFile, { endpoint, ca, user: 'admin', credential });
  await writeFile(join(stateDir, 'ca.crt'), ca);
  const close = async () => {
    stopBootstrap();
    await server.stop();
  };
  const interrupt = async () => {
    const { port: same } = server;
    await server.stop();
    return async () => {
      server = await serve(same);
    };
  };
  return { endpoint, ca, kubeconfigFile, interrupt, close };
}

/** A server that listens. */
interface Serving {
  port: number;
  stop(): Promise<void>;
}

async function serving(tls: ServerOptions, service: Service, port: number, host: string): Promise<Serving> {
  const closing = new AbortController();
  const server = createServer(tls, listener(service, closing.signal));
  await listen(server, port, host);
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      closing.abort();
      return stop(server);
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Streams have been told to end; what is left are idle connections. */
function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    setTimeout(() => server.closeAllConnections(), 200).unref();
  });
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerBlob } from './answer-blobs.ts';
import { answerManifest, answerReferrers, answerTags } from './answer-manifests.ts';
import { answerUpload, answerUploads } from './answer-uploads.ts';
import { type Authorize, actionOf, allowAll } from './authorize.ts';
import { Blobs } from './blobs.ts';
import { repositories } from './catalog.ts';
import { RegistryError } from './errors.ts';
import { answer, answerJson, type Exchange, page } from './exchange.ts';
import { Layout } from './layout.ts';
import { Manifests } from './manifests.ts';
import { type Route, routeOf } from './routes.ts';
import { Uploads } from './uploads.ts';

export interface RegistryOptions {
  /** Folder that holds everything; a registry started on it again serves the same. */
  stateDir: string;
  /** Default 0: one that is free. */
  port?: number;
  /** Address to listen on. Default 127.0.0.1. */
  host?: string;
  /** Default: everything is allowed to everyone. */
  authorize?: Authorize;
}

export interface Registry {
  /** `http://<host>` */
  url: string;
  /** `<address>:<port>`, as it stands in front of an image's name. */
  host: string;
  close(): Promise<void>;
}

/** Starts a registry of the OCI distribution specification v1.1 over plain HTTP. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const layout = new Layout(options.stateDir);
  const blobs = new Blobs(layout);
  const stores: Stores = {
    layout,
    blobs,
    uploads: new Uploads(layout),
    manifests: new Manifests(layout, blobs),
    authorize: options.authorize ?? allowAll,
  };
  const server = createServer((request, response) => void handle(stores, request, response));
  // A large layer over a slow line takes as long as it takes.
  server.requestTimeout = 0;
  // Longer than clients keep idle connections, so that it is they who close them and no request meets a closed one.
  server.keepAliveTimeout = 95_000;
  const address = options.host ?? '127.0.0.1';
  const port = await listen(server, options.port ?? 0, address);
  const host = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  return { url: `http://${host}`, host, close: () => close(server) };
}

interface Stores {
  layout: Layout;
  blobs: Blobs;
  uploads: Uploads;
  manifests: Manifests;
  authorize: Authorize;
}

const METHODS: Record<Route['kind'], string[]> = {
  base: ['GET', 'HEAD'],
  catalog: ['GET'],
  tags: ['GET'],
  referrers: ['GET'],
  manifest: ['GET', 'HEAD', 'PUT', 'DELETE'],
  blob: ['GET', 'HEAD', 'DELETE'],
  uploads: ['POST'],
  upload: ['GET', 'PATCH', 'PUT', 'DELETE'],
};

async function handle(stores: Stores, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('docker-distribution-api-version', 'registry/2.0');
  const [pathname = '/', search = ''] = (request.url ?? '/').split('?', 2);
  const exchange: Exchange = { request, response, query: new URLSearchParams(search) };
  try {
    const route = routeOf(pathname);
    requireMethod(route, request.method ?? '');
    await requireAllowed(stores.authorize, route, exchange);
    await dispatch(exchange, stores, route);
  } catch (error) {
    fail(exchange, error);
  }
}

async function dispatch(exchange: Exchange, stores: Stores, route: Route): Promise<void> {
  switch (route.kind) {
    case 'base':
      return answerJson(exchange, 200, {});
    case 'catalog': {
      const { names, headers } = page(exchange, await repositories(stores.layout), (a, b) =>
        a < b ? -1 : a > b ? 1 : 0,
      );
      return answerJson(exchange, 200, { repositories: names }, headers);
    }
    case 'tags':
      return answerTags(exchange, stores.manifests, route.repository);
    case 'referrers':
      return answerReferrers(exchange, stores.manifests, route.repository, route.subject);
    case 'manifest':
      return answerManifest(exchange, stores.manifests, route.repository, route.reference);
    case 'blob':
      return answerBlob(exchange, stores.blobs, route.repository, route.digest);
    case 'uploads':
      return answerUploads(exchange, stores, route.repository);
    case 'upload':
      return answerUpload(exchange, stores, route.repository, route.session);
  }
}

function requireMethod(route: Route, method: string): void {
  const allowed = METHODS[route.kind];
  if (allowed.includes(method)) return;
  throw new RegistryError('UNSUPPORTED', `${method} is not supported here`, {
    headers: { allow: allowed.join(', ') },
  });
}

async function requireAllowed(
  authorize: Authorize,
  route: Route,
  { request, query }: Exchange,
): Promise<void> {
  const method = request.method ?? '';
  const action = actionOf(route, method);
  const repository = 'repository' in route ? route.repository : undefined;
  const verdict = await authorize(request.headers.authorization, action, repository, {
    route,
    method,
    query,
  });
  if (verdict === 'allowed') return;
  if (verdict === 'denied') throw new RegistryError('DENIED', 'requested access to the resource is denied');
  throw new RegistryError('UNAUTHORIZED', 'authentication required', {
    headers: { 'www-authenticate': 'Basic realm="fairlead registry"' },
  });
}

function fail(exchange: Exchange, error: unknown): void {
  const { request, response } = exchange;
  // The client went away in the middle, or the answer had begun: there is nobody to tell.
  if (response.headersSent || request.errored !== null || response.destroyed) {
    response.destroy();
    return;
  }
  // What is left of the body is read and dropped, so that the connection can carry the next request.
  request.resume();
  if (error instanceof RegistryError) refuse(exchange, error);
  else answerJson(exchange, 500, { errors: [{ code: 'UNKNOWN', message: String(error) }] });
}

function refuse(exchange: Exchange, { code, message, detail, status, headers }: RegistryError): void {
  const fault = { code, message, ...(detail === undefined ? {} : { detail }) };
  if (exchange.request.method === 'HEAD') answer(exchange, status, headers);
  else answerJson(exchange, status, { errors: [fault] }, headers);
}

function listen(server: Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another program listens there already' : error.message;
      reject(new Error(`the registry cannot listen on ${address}:${port}: ${why}`, { cause: error }));
    });
    server.listen(port, address, () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

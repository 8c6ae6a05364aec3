export type Service = 'upload-pack' | 'receive-pack';

/** What a request wants of the git host. `repository` is as it was written, without `.git`, and not checked yet. */
export type Route =
  | { kind: 'advertise'; repository: string; service: Service }
  | { kind: 'rpc'; repository: string; service: Service }
  /** `path` is with its query. */
  | { kind: 'api'; path: string }
  | { kind: 'front' }
  | { kind: 'refused'; status: number; message: string };

const DUMB = /\/(?:info\/refs|HEAD|objects\/.*)$/;

/** Decides purely on method, path and query (gitprotocol-http, "URL Format" and "Smart Clients"); `api` begins the REST API. */
export function routeOf(method: string, target: string, api: string): Route {
  const [path = '/', search = ''] = target.split('?', 2);
  if (path === api || path.startsWith(`${api}/`)) return { kind: 'api', path: target.slice(api.length) };
  const service = new URLSearchParams(search).get('service');
  const advertise = /^\/(.+)\/info\/refs$/.exec(path);
  if (advertise !== null && service !== null) return advertised(method, advertise[1] ?? '', service);
  const rpc = /^\/(.+)\/git-(upload|receive)-pack$/.exec(path);
  if (rpc !== null) return called(method, rpc[1] ?? '', `${rpc[2] as 'upload' | 'receive'}-pack`);
  if (DUMB.test(path)) {
    return refused(
      403,
      'The dumb HTTP protocol is not served here; use git 1.6.6 or newer, with its smart protocol.',
    );
  }
  if (/\/git-[a-z-]+$/.test(path)) {
    return refused(
      404,
      `There is no service ${path.slice(path.lastIndexOf('/') + 1)}: only git-upload-pack and git-receive-pack.`,
    );
  }
  return method === 'GET' || method === 'HEAD'
    ? { kind: 'front' }
    : refused(405, `${method} means nothing here.`);
}

function advertised(method: string, repository: string, service: string): Route {
  if (method !== 'GET') return refused(405, `References are read with GET, not ${method}.`);
  const match = /^git-(upload-pack|receive-pack)$/.exec(service);
  if (match === null) {
    return refused(
      403,
      `There is no service ${JSON.stringify(service.slice(0, 80))}: only git-upload-pack and git-receive-pack.`,
    );
  }
  return { kind: 'advertise', repository: plain(repository), service: match[1] as Service };
}

function called(method: string, repository: string, service: Service): Route {
  if (method !== 'POST') return refused(405, `git-${service} is called with POST, not ${method}.`);
  return { kind: 'rpc', repository: plain(repository), service };
}

/** `hello.git` and `hello` are the same repository; percent-encoding that does not decode is left to the name check. */
function plain(repository: string): string {
  const name = repository.endsWith('.git') ? repository.slice(0, -'.git'.length) : repository;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function refused(status: number, message: string): Route {
  return { kind: 'refused', status, message };
}

import type { IncomingMessage, RequestListener } from 'node:http';
import { readText } from './body.ts';
import type { Builds } from './builds.ts';
import type { RunKey } from './run-key.ts';

/** Where Lambda calls the hooks of a MicroVM ("Lifecycle hooks", AWS Lambda Developer Guide). */
const PREFIX = '/aws/lambda-microvms/runtime/v1';
/** Bytes; Lambda passes on 16 KB. */
const LARGEST_PAYLOAD = 64 * 1024;

/** The lifecycle hooks, on port 9000. Each may be called again, and by anybody in the VM: none gives anything away. */
export function hookServer(builds: Builds, key: RunKey): RequestListener {
  return (request, response) => {
    call(builds, key, request).then(
      (status) => response.writeHead(status).end(),
      () => response.destroy(),
    );
  };
}

async function call(builds: Builds, key: RunKey, request: IncomingMessage): Promise<number> {
  const body = await readText(request, LARGEST_PAYLOAD);
  if (request.method !== 'POST') return 405;
  switch (request.url?.split('?')[0]) {
    case `${PREFIX}/run`: {
      const taken = key.take(body ?? '');
      return taken === 'bad' ? 400 : taken === 'another' ? 409 : 200;
    }
    case `${PREFIX}/terminate`:
      builds.abort('the MicroVM was terminated');
      return 200;
    // A build that goes on when the VM is suspended goes on when it is resumed.
    case `${PREFIX}/ready`:
    case `${PREFIX}/validate`:
    case `${PREFIX}/suspend`:
    case `${PREFIX}/resume`:
      return 200;
    default:
      return 404;
  }
}

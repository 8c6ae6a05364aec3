import { type IncomingMessage, type RequestListener, request, type ServerResponse } from 'node:http';

/** What the proxy of one VM asks it. */
export interface Behind {
  allows(token: string | undefined, port: number): boolean;
  /** Called before a request is passed on; wakes the VM up. False when it cannot be reached. */
  arriving(): Promise<boolean>;
  /** Called when the request has been answered. */
  left(): void;
  socket(port: number): string;
}

/** What stands before a MicroVM: lets in who has a token for the port, and passes requests on. */
export function proxy(behind: Behind): RequestListener {
  return (incoming, outgoing) => {
    pass(behind, incoming, outgoing).catch(() => outgoing.destroy());
  };
}

async function pass(behind: Behind, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { 'x-aws-proxy-auth': token, 'x-aws-proxy-port': named = '8080', ...headers } = incoming.headers;
  const port = Number(named);
  if (!behind.allows(typeof token === 'string' ? token : undefined, port))
    return refuse(outgoing, 403, 'the token is not valid for this MicroVM and port');
  if (!(await behind.arriving())) return refuse(outgoing, 503, 'the MicroVM is not running');
  outgoing.on('close', () => behind.left());
  const inner = request(
    { socketPath: behind.socket(port), method: incoming.method, path: incoming.url, headers },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.on('error', () => outgoing.destroy());
      answer.on('aborted', () => outgoing.destroy());
    },
  );
  inner.on('error', () => {
    if (outgoing.headersSent) outgoing.destroy();
    else refuse(outgoing, 502, 'the MicroVM does not answer');
  });
  outgoing.on('close', () => inner.destroy());
  incoming.pipe(inner);
}

function refuse(outgoing: ServerResponse, status: number, message: string): void {
  outgoing.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  outgoing.end(JSON.stringify({ message }));
}

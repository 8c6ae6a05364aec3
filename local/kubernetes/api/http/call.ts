import type { IncomingHttpHeaders } from 'node:http';
import type { User } from '../auth/user.ts';

/** One request, with who makes it. */
export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  user: User;
  /** @throws StatusError 413 RequestEntityTooLarge */
  body: () => Promise<Buffer>;
  /** Aborted when the client is gone or the server closes. */
  signal: AbortSignal;
}

/** What is sent back: a JSON value at once, or bytes as they come. */
export type Answer = { status: number; headers?: Record<string, string> } & (
  | { json: unknown }
  | { text: string }
  | { bytes: Uint8Array }
  | { stream: AsyncIterable<Uint8Array | string> }
);

export function ok(json: unknown): Answer {
  return { status: 200, json };
}

import type { Answer, Call } from './types.ts';

/** What AWS answered in place of what it was asked for. */
export class AwsError extends Error {
  /** HTTP status; absent where nothing answered. */
  readonly status: number | undefined;

  /** `name` is AWS's own for it, `ThrottlingException`, or that of Node.js, `ECONNRESET`. */
  constructor(name: string, message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
    this.status = status;
  }
}

/**
 * The error that `answer` tells of. Its name is in a header or in the body, by the service's protocol, maybe with a
 * namespace before it or a URL after it (Smithy, "AWS JSON 1.1" and "AWS restJson1", Operation error serialization).
 */
export function errorIn(call: Call, { status, headers, body }: Answer): AwsError {
  const told = parse(body);
  const named = headers['x-amzn-errortype'] ?? told.__type ?? told.code;
  const name = String(named ?? `HTTP ${status}`)
    .replace(/:.*$/, '')
    .replace(/^.*#/, '');
  const message = told.message ?? told.Message ?? `${call.service} answered with HTTP status ${status}`;
  return new AwsError(name, String(message), status);
}

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // A proxy or a load balancer answers in HTML.
    return {};
  }
}

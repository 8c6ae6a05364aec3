import { FairleadError, type Fault } from '../errors.ts';
import type { Received } from './answer.ts';

/** A registry's fault, with what a caller decides by. */
export class RegistryError extends FairleadError {
  /** The HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** The registry's own code, `MANIFEST_UNKNOWN` (OCI distribution specification, "Error Codes"). */
  readonly registryCode: string | undefined;
  /** How long the registry asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined;
  /** How often it is worth trying, when that is less often than for other faults. */
  readonly mostTries: number | undefined;

  constructor(fault: Fault, answer: Partial<Answer> = {}, options?: ErrorOptions) {
    super(fault, options);
    this.status = answer.status;
    this.registryCode = answer.registryCode;
    this.retryAfter = answer.retryAfter;
    this.mostTries = answer.mostTries;
  }
}

interface Answer {
  status: number;
  registryCode: string | undefined;
  message: string | undefined;
  retryAfter: number | undefined;
  mostTries?: number | undefined;
}

/** One request, in the words of an error. */
export interface Asked {
  /** `publishing localhost:5000/web`. */
  operation: string;
  method: string;
  url: URL;
}

/** A URL without what may be secret in it: user, password and query (upload states, presigned signatures). */
export function redacted(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** The fault for an answer that says no. `body` is the answer's, in full or in part. */
export function refusal(asked: Asked, response: Received, body: string, now = Date.now()): RegistryError {
  const answer: Answer = {
    status: response.status,
    ...ownError(body),
    retryAfter: retryAfter(response.headers.get('retry-after'), now),
  };
  const { code, remedy, temporary } = kind(answer, asked.url.host);
  const own = [answer.registryCode, answer.message].filter((part) => part !== undefined).join(': ');
  const cause = `${asked.method} answered ${answer.status}${own === '' ? '' : ` ${own}`}`;
  return new RegistryError(
    {
      code,
      operation: asked.operation,
      place: redacted(asked.url),
      cause,
      temporary,
      ...(remedy && { remedy }),
    },
    answer,
  );
}

/** The fault for an answer that makes no sense, which another try would not change. */
export function nonsense(asked: Asked, code: string, cause: string, remedy?: string): RegistryError {
  return new RegistryError({
    code,
    operation: asked.operation,
    place: redacted(asked.url),
    cause: `${asked.method}: ${cause}`,
    remedy: remedy ?? 'see whether this is the address of a registry',
  });
}

/** The fault for a request that got no answer, from what `fetch` threw. */
export function unreachable(asked: Asked, thrown: unknown): unknown {
  const errors = causes(thrown);
  // Our own: the bytes that were being sent failed, not the connection.
  const own = errors.find((error) => error instanceof FairleadError);
  if (own !== undefined) return own;
  if (errors.some((error) => error.name === 'AbortError')) return thrown;
  const root = errors.at(-1);
  const code = root !== undefined && 'code' in root ? String(root.code) : undefined;
  return new RegistryError(
    {
      code: 'registry/unreachable',
      operation: asked.operation,
      place: redacted(asked.url),
      cause: `${asked.method} got no answer: ${root?.message || code || 'the connection failed'}`,
      remedy: `see whether ${asked.url.host} is right, is up and can be reached from here`,
      temporary: code !== 'ENOTFOUND',
    },
    // Whoever refuses connections answers at once, and seldom another way a moment later.
    code === 'ECONNREFUSED' ? { mostTries: 2 } : {},
    { cause: thrown },
  );
}

function causes(thrown: unknown): Error[] {
  const chain: Error[] = [];
  for (let error = thrown; error instanceof Error && chain.length < 8; error = error.cause) chain.push(error);
  return chain;
}

function kind(
  { status, registryCode }: Answer,
  host: string,
): { code: string; remedy?: string; temporary: boolean } {
  if (status === 401 || status === 403) {
    const remedy = `check that the repository exists and that the credentials for ${host} may use it`;
    return { code: status === 401 ? 'registry/unauthorized' : 'registry/denied', remedy, temporary: false };
  }
  if (status === 404) {
    if (registryCode === 'NAME_UNKNOWN') {
      return { code: 'registry/not-found', remedy: `create the repository at ${host}`, temporary: false };
    }
    return { code: 'registry/not-found', remedy: 'check the name and the tag', temporary: false };
  }
  if (status === 429) {
    return {
      code: 'registry/rate-limited',
      remedy: 'try again later, or log in for a higher limit',
      temporary: true,
    };
  }
  if (status >= 500 || status === 408) return { code: 'registry/unavailable', temporary: true };
  return { code: 'registry/refused', temporary: false };
}

// {"errors":[{"code":"…","message":"…"}]}; other bodies (a proxy's HTML) tell a person nothing here.
function ownError(body: string): Pick<Answer, 'registryCode' | 'message'> {
  try {
    const { errors } = JSON.parse(body) as { errors?: { code?: unknown; message?: unknown }[] };
    const [first] = Array.isArray(errors) ? errors : [];
    return { registryCode: line(first?.code), message: line(first?.message) };
  } catch {
    return { registryCode: undefined, message: undefined };
  }
}

function line(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.replace(/\s+/g, ' ').slice(0, 300) : undefined;
}

function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

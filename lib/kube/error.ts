import { FairleadError } from '../errors.ts';

/** One cause of a refusal, as the API names it (meta/v1 StatusCause). */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** The body of a refusal (meta/v1 Status). */
export interface Status {
  message?: string;
  reason?: string;
  code?: number;
  details?: { name?: string; kind?: string; causes?: StatusCause[]; retryAfterSeconds?: number };
}

/** A request that the Kubernetes API refused or did not answer; `status` is 0 when there was no answer. */
export class KubeError extends FairleadError {
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly StatusCause[];

  constructor(request: RequestName, status: number, body: Status, options?: ErrorOptions) {
    const reason = reasonOf(status, body);
    const message = body.message ?? `the API server answered ${status}`;
    super(
      {
        code: `kube/${kebab(reason)}`,
        operation: `${request.method} ${request.path}`,
        cause: message,
        remedy: remedyFor(reason, message),
        temporary: isTemporary(status, reason),
      },
      options,
    );
    this.name = 'KubeError';
    this.status = status;
    this.reason = reason;
    this.causes = body.details?.causes ?? [];
  }
}

/** Method and path (with its query) of a request, for its error. */
export interface RequestName {
  method: string;
  path: string;
}

/** The API could not be reached, or broke off before its answer was complete. */
export function unreachable(request: RequestName, error: unknown): KubeError {
  const cause = error instanceof Error ? error.message : String(error);
  const message = `the cluster's API cannot be reached: ${cause}`;
  return new KubeError(request, 0, { message, reason: 'Unreachable' }, { cause: error });
}

/** The authorizer refused it: nothing that was asked for is wrong in itself. */
export function lacksRight({ status, fault }: KubeError): boolean {
  return status === 403 && LACKS_RIGHT.test(fault.cause);
}

/** Stands for `refused`, for there is nothing that rights could be had to. */
export function absent(request: RequestName, refused: KubeError): KubeError {
  return new KubeError(
    request,
    404,
    { message: 'there is no such namespace', reason: 'NotFound' },
    { cause: refused },
  );
}

// Kubernetes, apiserver/pkg/endpoints/handlers/responsewriters/errors.go
const LACKS_RIGHT = / cannot \S+ resource /;

/** The object of the request does not exist. Of an API group that the cluster lacks, it says so without a reason. */
export function isNotFound(error: unknown): boolean {
  return error instanceof KubeError && error.status === 404;
}

// Kubernetes 1.20 to 1.2x answers a field that its schema lacks with a plain 500.
function reasonOf(status: number, { reason, message }: Status): string {
  if (status === 500 && message?.includes('typed patch object')) return 'Invalid';
  if (status === 410) return 'Expired';
  return reason || `Http${status}`;
}

function isTemporary(status: number, reason: string): boolean {
  return reason !== 'Invalid' && (status === 0 || status === 401 || status === 429 || status >= 500);
}

function remedyFor(reason: string, message: string): string | undefined {
  if (reason === 'Unauthorized')
    return "give the function's role an access entry in the cluster (the pipeline stack does)";
  if (reason === 'Forbidden' && LACKS_RIGHT.test(message))
    return 'the group that the access entry names lacks this right: deploy the cluster stack again, or bind a ClusterRole that has it to that group';
  if (reason === 'Unreachable') return "check that the cluster's endpoint can be reached from the function";
  return undefined;
}

function kebab(reason: string): string {
  return reason.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}

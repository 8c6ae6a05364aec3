/** Error codes of the OCI distribution specification v1.1, section "Error Codes", and the status each answers with. */
const STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
} as const;

type ErrorCode = keyof typeof STATUS;

interface Answer {
  /** Where it differs from the code's own status, such as 416 for a chunk out of order. */
  status?: number;
  /** Machine-readable context, as the specification's `detail`. */
  detail?: unknown;
  headers?: Record<string, string>;
}

/** What a client did wrong or asked in vain; answered as the specification's error JSON. */
export class RegistryError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly detail: unknown;
  readonly headers: Record<string, string>;

  constructor(code: ErrorCode, message: string, answer: Answer = {}) {
    super(message);
    this.name = 'RegistryError';
    this.code = code;
    this.status = answer.status ?? STATUS[code];
    this.detail = answer.detail;
    this.headers = answer.headers ?? {};
  }
}

import { AwsError } from './error.ts';

// "Retry behavior", AWS SDKs and Tools Reference Guide: what the mode `standard` tries again, and after how long.
const THROTTLED = new Set([
  ...['BandwidthLimitExceeded', 'EC2ThrottledException', 'LimitExceededException', 'PriorRequestNotComplete'],
  ...['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'RequestThrottled', 'SlowDown'],
  ...['RequestThrottledException', 'ThrottledException', 'Throttling', 'ThrottlingException'],
  ...['TooManyRequestsException', 'TransactionInProgressException'],
]);
const TRANSIENT = new Set(['TimeoutError', 'RequestTimeout', 'RequestTimeoutException']);
const TRANSIENT_STATUS = new Set([500, 502, 503, 504]);

/** ms */
const [LEAST, LEAST_WHEN_THROTTLED, MOST] = [100, 500, 20_000];

/**
 * ms to wait before the call that failed with `error` for the `attempt`th time (from 1) is made again; nothing where it
 * would fail again. `random` is from 0 to 1: callers that failed together shall not come back together. Pure.
 */
export function retryDelay(error: unknown, attempt: number, random: number): number | undefined {
  const kind = kindOf(error);
  if (kind === 'lasting') return undefined;
  const least = kind === 'throttled' ? LEAST_WHEN_THROTTLED : LEAST;
  return Math.floor(random * Math.min(MOST, least * 2 ** (attempt - 1)));
}

function kindOf(error: unknown): 'throttled' | 'transient' | 'lasting' {
  if (!(error instanceof AwsError)) return 'lasting';
  const { name, status } = error;
  if (status === 429 || THROTTLED.has(name)) return 'throttled';
  // Without a status nothing has answered.
  return status === undefined || TRANSIENT_STATUS.has(status) || TRANSIENT.has(name)
    ? 'transient'
    : 'lasting';
}

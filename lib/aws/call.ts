import { setTimeout as sleep } from 'node:timers/promises';
import { errorIn } from './error.ts';
import { retryDelay } from './retry.ts';
import { send } from './send.ts';
import { sign } from './sign.ts';
import type { Answer, Aws, Call, ServiceName } from './types.ts';

/** ms that one attempt may take. Both APIs answer within a tenth of it; a connection that hangs is given up. */
const PATIENCE = 3_000;

/**
 * Makes one call, again where that may help. In place of the SDK's clients for those functions whose start a person, or
 * a git host, waits for: they are two thirds of such a function's code.
 * @throws AwsError by the name that AWS gives it
 */
export async function call(aws: Aws, what: Call): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(aws, what);
    } catch (error) {
      const delay = attempt < aws.attempts ? retryDelay(error, attempt, Math.random()) : undefined;
      if (delay === undefined) throw error;
      await sleep(delay);
    }
  }
}

async function once(aws: Aws, what: Call): Promise<Answer> {
  const base =
    aws.endpointOf(what.service) ?? `https://${what.service}.${aws.region}.${suffixOf(aws.region)}`;
  const query = new URLSearchParams(what.query).toString();
  const url = new URL(`${base.replace(/\/+$/, '')}${what.path}${query === '' ? '' : `?${query}`}`);
  // Signed anew each time: a signature is as old as its attempt.
  const headers = await sign(aws, what, url);
  const answer = await send(url, { method: what.method, headers, body: what.body }, PATIENCE);
  if (answer.status >= 300) throw errorIn(what, answer);
  return answer;
}

/** What host names of a region end with (AWS General Reference, "AWS service endpoints"). */
function suffixOf(region: string): string {
  if (region.startsWith('cn-')) return 'amazonaws.com.cn';
  return region.startsWith('eusc-') ? 'amazonaws.eu' : 'amazonaws.com';
}

/**
 * A call of a service that speaks AWS JSON, mostly 1.1: `target` is `secretsmanager.GetSecretValue`. What answers nothing
 * may do so without a body ("DeleteMessage", Amazon SQS API Reference).
 */
export async function callJson(
  aws: Aws,
  service: ServiceName,
  target: string,
  input: Readonly<Record<string, unknown>>,
  version: '1.0' | '1.1' = '1.1',
): Promise<Record<string, unknown>> {
  const headers = { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target };
  const body = JSON.stringify(input);
  const answer = await call(aws, { service, method: 'POST', path: '/', headers, body });
  return answer.body === '' ? {} : (JSON.parse(answer.body) as Record<string, unknown>);
}

import { readText, readUpTo } from './answer.ts';
import type { Challenge } from './challenge.ts';
import { authorization, type Credentials } from './credentials.ts';
import { type Asked, nonsense, refusal } from './faults.ts';
import { follow } from './follow.ts';
import { type InsecureHosts, isExposed } from './host.ts';
import type { Sender } from './send.ts';

/** A token of a registry's token service, good until `expires` (milliseconds since 1970). */
export interface Token {
  value: string;
  expires: number;
}

type Bearer = Extract<Challenge, { scheme: 'bearer' }>;

const LARGEST_ANSWER = 1024 * 1024;
// Token authentication: "if omitted, this defaults to 60 seconds". Some seconds less, for the way there.
const DEFAULT_LIFE = 60;
const MARGIN = 5;
const TIMEOUT = 30_000;

/**
 * Asks a token service for a token of `scopes`, with the credentials or as anybody
 * (distribution, "Token Authentication Specification", GET form).
 */
export async function requestToken(
  challenge: Bearer,
  scopes: readonly string[],
  credentials: Credentials | undefined,
  { operation, insecure, sender }: { operation: string; insecure: InsecureHosts; sender: Sender },
): Promise<Token> {
  const url = URL.parse(challenge.realm);
  const asked: Asked = { operation, method: 'GET', url: url ?? new URL('invalid:') };
  if (url === null || url.username !== '' || !/^https?:$/.test(url.protocol)) {
    throw nonsense(asked, 'registry/bad-answer', 'the registry names a token service that is no web address');
  }
  if (isExposed(url, insecure)) {
    const cause = `the registry wants its credentials sent to ${url.host} over plain HTTP`;
    throw nonsense(asked, 'registry/insecure-token-service', cause);
  }
  if (challenge.service !== undefined) url.searchParams.set('service', challenge.service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  const headers: Record<string, string> =
    credentials === undefined ? {} : { authorization: authorization(credentials) };
  const response = await follow(
    { ...asked, url, headers, signal: AbortSignal.timeout(TIMEOUT) },
    insecure,
    sender,
  );
  if (!response.ok) throw refusal(asked, response, await readText(response));
  return parseToken(await readUpTo(LARGEST_ANSWER, response, asked), asked);
}

function parseToken(bytes: Buffer, asked: Asked): Token {
  let answer: { token?: unknown; access_token?: unknown; expires_in?: unknown } = {};
  try {
    answer = (JSON.parse(bytes.toString('utf8')) as typeof answer | null) ?? {};
  } catch {
    // The check below tells it.
  }
  const value = answer.token ?? answer.access_token;
  if (typeof value !== 'string' || value === '') {
    throw nonsense(asked, 'registry/bad-answer', 'the token service answered without a token');
  }
  const life = typeof answer.expires_in === 'number' ? answer.expires_in : DEFAULT_LIFE;
  return { value, expires: Date.now() + Math.max(1, life - MARGIN) * 1000 };
}

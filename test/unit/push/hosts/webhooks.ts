import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Headers } from '../../../../lib/push/types.ts';

const folder = join(import.meta.dirname, '../../../fixtures/webhooks');

/** A request as a host's documentation shows it. */
export interface Webhook {
  headers: Headers;
  payload: Record<string, unknown>;
  /** `payload` as it is sent. */
  body: string;
}

/** @param name `gitlab/push` */
export function webhook(name: string): Webhook {
  const { headers, payload } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Webhook;
  return { headers, payload, body: JSON.stringify(payload) };
}

/** `gitlab/push` and all others. */
export function webhookNames(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

// The commits in them.
export const [A, B, C, NONE] = [
  '4e1f0a9c6d8b2e7351c0f4a8b9d6e2c7f1a03b58',
  '9b7d2c4f6a1e8035d9c4b2a7e6f1d8c3b5a09e47',
  'c3a8e5f1b7d2946083f6c1e9a4b8d7052e6f3c91',
  '0'.repeat(40),
] as const;

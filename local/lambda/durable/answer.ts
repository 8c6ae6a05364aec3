import type { ApiAnswer } from '../routes.ts';
import { apiJson } from './wire.ts';

/** An answer of the durable execution API. */
export const answer = (value: object): ApiAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: apiJson(value),
});

/** A number in a query; undefined when there is none. */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  return text === null || !/^\d+$/.test(text) ? undefined : Number(text);
}

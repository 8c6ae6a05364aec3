import type { Operation } from './types.ts';

/** Bytes of operations in one message; an invocation's event may have 6 MB, and there is JSON around them. */
const PAGE_BYTES = 4 * 1024 * 1024;
const PAGE_ITEMS = 1000;

/** JSON of the API: times are seconds since 1970. (In the event of an invocation they are ISO 8601, as JSON.stringify makes them.) */
export function apiJson(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, plain: unknown) {
    const original = this[key];
    return original instanceof Date ? original.getTime() / 1000 : plain;
  });
}

/** The operations from number `from` on that fit into one message, and the number to go on with if there are more. */
export function page(operations: readonly Operation[], from: number, limit = PAGE_ITEMS) {
  let bytes = 0;
  let to = from;
  while (to < operations.length && to - from < Math.min(limit, PAGE_ITEMS)) {
    bytes += Buffer.byteLength(JSON.stringify(operations[to]));
    if (bytes > PAGE_BYTES && to > from) break;
    to += 1;
  }
  return {
    Operations: operations.slice(from, to),
    NextMarker: to < operations.length ? String(to) : undefined,
  };
}

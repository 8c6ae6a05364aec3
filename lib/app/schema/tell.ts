import type * as z from 'zod/mini';
import { notes } from './notes.ts';

/** What may stand at `path` of what `schema` describes, or at the nearest key above it. */
export function allowedAt(schema: z.ZodMiniType, path: readonly string[]): string {
  const found = reach(schema, path).flatMap((at) => notes.get(at)?.allowed ?? []);
  if (found[0] !== undefined) return found[0];
  return path.length === 0 ? 'keys and values' : allowedAt(schema, path.slice(0, -1));
}

/** The keys that may stand below `path`. */
export function keysAt(schema: z.ZodMiniType, path: readonly string[]): string[] {
  const keys = reach(schema, path).flatMap((at) => {
    const def = definition(at);
    return def.type === 'object' ? Object.keys(def.shape) : [];
  });
  return [...new Set(keys)];
}

type Definition =
  | { type: 'object'; shape: Record<string, z.ZodMiniType> }
  | { type: 'record'; valueType: z.ZodMiniType }
  | { type: 'array'; element: z.ZodMiniType }
  | { type: 'optional'; innerType: z.ZodMiniType }
  | { type: 'union'; options: readonly z.ZodMiniType[] }
  | { type: 'other' };

function definition(schema: z.ZodMiniType): Definition {
  return schema._zod.def as unknown as Definition;
}

/** The schemas that may hold at `path`: several where a field may be this or that. */
function reach(schema: z.ZodMiniType, path: readonly string[]): z.ZodMiniType[] {
  const def = definition(schema);
  if (def.type === 'optional') return reach(def.innerType, path);
  const [key, ...rest] = path;
  const here = key === undefined ? [schema] : [];
  if (def.type === 'union') return [...here, ...def.options.flatMap((option) => reach(option, path))];
  if (key === undefined) return here;
  if (def.type === 'record') return reach(def.valueType, rest);
  if (def.type === 'array') return reach(def.element, rest);
  const inner = def.type === 'object' && Object.hasOwn(def.shape, key) ? def.shape[key] : undefined;
  return inner === undefined ? [] : reach(inner, rest);
}

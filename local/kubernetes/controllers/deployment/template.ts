import { createHash } from 'node:crypto';
import type { PodTemplate } from '../types.ts';

export const hashLabel = 'pod-template-hash';

/**
 * The hash that names a template's ReplicaSet. Templates that mean the same have the same: nulls, empty objects and
 * empty lists, which clients write or leave out, do not count, nor does the order of fields.
 */
export function templateHash(template: PodTemplate): string {
  const digest = createHash('sha256').update(canonical(template)).digest();
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789'; // of apimachinery `rand.SafeEncodeString`
  return [...digest.subarray(0, 10)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

/** Whether two templates mean the same, their ReplicaSets' own label aside. */
export function sameTemplate(left: PodTemplate, right: PodTemplate): boolean {
  return canonical(left) === canonical(right);
}

function canonical({ metadata, spec }: PodTemplate): string {
  const { [hashLabel]: _, ...labels } = metadata?.labels ?? {};
  return JSON.stringify(pruned({ metadata: { ...metadata, labels }, spec }));
}

function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => pruned(item) ?? null);
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, pruned(item)] as const)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

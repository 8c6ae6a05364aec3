import { NO_PREVIEWS, type Previews } from '../lib/push/previews.ts';

const KINDS = ['off', 'branches', 'pull-requests'] as const;

/** The previews that a person asks for by their kind. */
export function previewsOf(
  kind: string,
  { ttl = NO_PREVIEWS.ttl }: { ttl?: number | undefined } = {},
): Previews {
  const of = KINDS.find((known) => known === kind);
  if (of === undefined) throw new Error(`previews ${kind}: take one of ${KINDS.join(', ')}`);
  return { ...NO_PREVIEWS, of, ttl };
}

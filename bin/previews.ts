import { NO_PREVIEWS, type Previews } from '../lib/push/previews.ts';

const KINDS = ['off', 'branches', 'pull-requests'] as const;

/** The previews that a person asks for in words; what is left out is as NO_PREVIEWS has it. */
export interface Asked {
  /** One of KINDS. */
  of: string;
  /** Patterns, separated by commas. */
  branches?: string | undefined;
  /** Whole seconds. */
  ttl?: string | number | undefined;
  /** Whole number, of one app. */
  most?: string | number | undefined;
}

/** @throws Error that says what may stand there */
export function previewsOf({ of: kind, branches, ttl, most }: Asked): Previews {
  const of = KINDS.find((known) => known === kind);
  if (of === undefined) throw new Error(`previews ${kind}: take one of ${KINDS.join(', ')}`);
  const seconds = ttl === undefined ? NO_PREVIEWS.ttl : Number(ttl);
  if (!Number.isInteger(seconds) || seconds < 1)
    throw new Error(`the time to live of previews, ${ttl}: it takes a whole number of seconds`);
  const limit = most === undefined ? NO_PREVIEWS.most : Number(most);
  if (!Number.isInteger(limit) || limit < 1)
    throw new Error(`the most previews of an app, ${most}: it takes a whole number`);
  const patterns = branches?.split(',').map((pattern) => pattern.trim());
  if (patterns?.includes('')) throw new Error(`the branches of previews, ${branches}: a pattern is empty`);
  return { ...NO_PREVIEWS, of, ttl: seconds, most: limit, ...(patterns && { branches: patterns }) };
}

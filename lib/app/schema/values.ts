import * as z from 'zod/mini';
import { needed } from './notes.ts';

/** `Kubernetes, "Quantity"`: 250m, 64Mi, 1.5 */
const QUANTITY = /^[0-9]+(\.[0-9]+)?([EPTGMkmun]|[EPTGMK]i|e[0-9]+)?$/;
/** What Kubernetes takes for the name of an environment variable. */
const VARIABLE = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const DURATION = /^[0-9]{1,6}[smh]$/;
/** Of a repository's file or folder: relative, and not out of it. */
const REPOSITORY_PATH = /^(?!\/)(?!(.*\/)?\.\.(\/|$))[^\\\0]+$/;
/** Of a file in a container. */
const FILE_PATH = /^(?!(.*\/)\.\.)(\/[^/:\0]+)+$/;
/** A DNS label that leaves room for the app's name before it. */
const LABEL = /^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$/;

/** The name of an environment, which may say a branch's (lib/push/place.ts). */
const ENVIRONMENT = /^[a-z]([-a-z0-9]{0,51}[a-z0-9])?$/;

export const whole = (from: number, to: number) => z.int().check(z.gte(from), z.lte(to));
export const text = (pattern: RegExp) => z.string().check(z.regex(pattern));
export const list = <T extends z.ZodMiniType>(of: T) => z.array(of).check(z.minLength(1));
export const words = () => list(z.string());
export const quantity = () => z.union([text(QUANTITY), z.number().check(z.gte(0))]);
export const path = () => text(/^\/[\x21-\x7e]*$/);
export const repositoryPath = () => text(REPOSITORY_PATH);
export const label = () => text(LABEL);
export const none = () => z.literal('none');

/** Texts by name: YAML's numbers and booleans are taken as they are written. */
export const variables = () => {
  const value = z.union([z.string(), z.number(), z.boolean()]);
  return z.record(text(VARIABLE), needed(value, { description: 'The value.', allowed: 'text' }));
};
export const byVariable = <T extends z.ZodMiniType>(of: T) => z.record(text(VARIABLE), of);
export const byLabel = <T extends z.ZodMiniType>(of: T) => z.record(label(), of);
export const byEnvironment = <T extends z.ZodMiniType>(of: T) => z.record(text(ENVIRONMENT), of);
export const annotations = () =>
  z.record(text(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/), z.string());
export const files = () => z.record(text(FILE_PATH), z.string());

/** Seconds, or text like 30s, 5m, 1h. */
export const duration = (from: number, to: number) =>
  z.union([
    whole(from, to),
    text(DURATION).check(z.refine((value) => from <= secondsOf(value) && secondsOf(value) <= to)),
  ]);

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600 };

/** The seconds of what {@link duration} takes. */
export function secondsOf(said: string | number): number {
  if (typeof said === 'number') return said;
  return Number(said.slice(0, -1)) * (SECONDS[said.slice(-1)] ?? 1);
}

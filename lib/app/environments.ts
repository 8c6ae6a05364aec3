import { WEB } from './name.ts';
import type { AppFile, Said } from './schema.ts';

/** Fields of the web process that stand at the top level. */
const OF_WEB = [
  'port',
  'command',
  'args',
  'replicas',
  'scale',
  'resources',
  'health',
  'liveness',
  'service',
  'terminationGracePeriod',
  'capabilities',
] as const;

/** What is added to: entry by entry, or field by field. Anything else that an environment says replaces what the file says. */
const ADDED_TO = new Set(
  'processes env secrets config jobs cron annotations resources requests limits ingress scale bake serviceAccount'.split(
    ' ',
  ),
);

/** Maps of things that have fields of their own; `none` takes one of them away. */
const MAPS = new Set(['processes', 'jobs', 'cron']);

type Fields = Record<string, unknown>;

/**
 * What `file` says for the environment of that name: `production`, or `preview-login`, for which `preview` counts too.
 * The process web is among the processes, and nothing of it at the top level.
 */
export function forEnvironment(file: AppFile, environment?: string): Said {
  const { engine: _, platform: __, environments = {}, ...general } = file;
  const names = environment === undefined ? [] : namesOf(environment);
  const layers = names.flatMap((name) =>
    Object.hasOwn(environments, name) ? [environments[name] ?? {}] : [],
  );
  return [general, ...layers].map(lift).reduce<Fields>((below, above) => merge(below, above), {}) as Said;
}

function namesOf(environment: string): string[] {
  return environment.startsWith('preview-') ? ['preview', environment] : [environment];
}

/** With what stands at the top level moved to the process that it is about. */
function lift(said: Said): Fields {
  const rest: Fields = { ...said };
  const web: Fields = {};
  for (const key of OF_WEB) {
    if (said[key] !== undefined) web[key] = said[key];
    delete rest[key];
  }
  const own = said.processes?.[WEB];
  const merged = own === undefined || own === 'none' ? web : merge(web, own);
  rest.processes = { [WEB]: own === 'none' ? own : merged, ...without(said.processes, WEB) };
  return rest;
}

function without(processes: Fields = {}, name: string): Fields {
  return Object.fromEntries(Object.entries(processes).filter(([key]) => key !== name));
}

function merge(below: Fields, above: Fields, isMap = false): Fields {
  const merged: Fields = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue;
    const old = Object.hasOwn(below, key) ? below[key] : undefined;
    const goesInto = isFields(old) && isFields(value) && (isMap || ADDED_TO.has(key));
    merged[key] = goesInto ? merge(old, value, !isMap && MAPS.has(key)) : value;
  }
  return merged;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

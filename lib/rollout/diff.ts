import { FENCE } from '../kube/owner.ts';
import type { LiveObject } from '../kube/wire.ts';
import { COMMIT, RELEASE, VERSION } from '../release/labels.ts';

/** What applying a release changes of one object. */
export interface Change {
  /** `Deployment web`, with its namespace where that is another than the release's. */
  object: string;
  is: 'created' | 'changed' | 'removed';
  /** One line for each field that changes: `.spec.replicas: 2 -> 3`. Values of secrets are never in it. */
  fields: readonly string[];
}

/** Lines for one object, and characters of one value: a record of a release is read by people. */
const MOST_FIELDS = 20;
const LONGEST_VALUE = 120;

/** What the API keeps about an object, and what differs from release to release in any case. */
const BOOKKEEPING = new Set([
  '.apiVersion',
  '.kind',
  '.status',
  ...['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp', 'selfLink'].map(
    (name) => `.metadata.${name}`,
  ),
  ...[FENCE, RELEASE, COMMIT].map((name) => `.metadata.annotations[${name}]`),
  `.metadata.labels[${VERSION}]`,
]);

/** The maps whose keys are names that people give; a path has them in brackets. */
const NAMED = /\.(annotations|labels|matchLabels|selector|nodeSelector|data|binaryData|stringData)$/;

/**
 * The fields in which `after` differs from `before`, both as the API answers them: with their defaults, so that none
 * of these counts.
 */
export function fieldsThatDiffer(before: LiveObject, after: LiveObject): string[] {
  const lines: string[] = [];
  const secret = after.kind === 'Secret' || before.kind === 'Secret';
  compare('', before, after, (path, from, to) => {
    const hidden = secret && /^\.(data|stringData)\b/.test(path);
    lines.push(`${path}: ${hidden ? hide(from, to) : `${show(from)} -> ${show(to)}`}`);
  });
  if (lines.length <= MOST_FIELDS) return lines;
  return [...lines.slice(0, MOST_FIELDS), `and ${lines.length - MOST_FIELDS} more`];
}

type Differs = (path: string, from: unknown, to: unknown) => void;

function compare(path: string, from: unknown, to: unknown, differs: Differs): void {
  if (BOOKKEEPING.has(path)) return;
  if (Array.isArray(from) && Array.isArray(to)) compareLists(path, from, to, differs);
  else if (isMap(from) && isMap(to)) compareMaps(path, from, to, differs);
  // A map that comes or goes may be bookkeeping as a whole: the annotations of an object that has no others.
  else if (isFilled(from) && to === undefined) compareMaps(path, from, {}, differs);
  else if (from === undefined && isFilled(to)) compareMaps(path, {}, to, differs);
  else if (from !== to) differs(path, from, to);
}

type Fields = Record<string, unknown>;

function compareMaps(path: string, from: Fields, to: Fields, differs: Differs): void {
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  for (const key of keys)
    compare(NAMED.test(path) ? `${path}[${key}]` : `${path}.${key}`, from[key], to[key], differs);
}

/** Fields by which the items of a list are told apart (Kubernetes API, `x-kubernetes-list-map-keys`). */
const KEYS = ['name', 'containerPort', 'port', 'mountPath', 'topologyKey', 'key', 'type', 'host', 'path'];

function compareLists(path: string, from: unknown[], to: unknown[], differs: Differs): void {
  const key = KEYS.find((name) => tellsApart(name, from) && tellsApart(name, to));
  if (key === undefined || from.length + to.length === 0) {
    if (JSON.stringify(from) !== JSON.stringify(to)) compareByPlace(path, from, to, differs);
    return;
  }
  const [old, fresh] = [from, to].map((list) => new Map(list.map((item) => [(item as Fields)[key], item])));
  for (const name of new Set([...(old?.keys() ?? []), ...(fresh?.keys() ?? [])])) {
    const [was, is] = [old?.get(name), fresh?.get(name)];
    if (was === undefined || is === undefined) differs(`${path}[${name}]`, was, is);
    else compare(`${path}[${name}]`, was, is, differs);
  }
}

function compareByPlace(path: string, from: unknown[], to: unknown[], differs: Differs): void {
  if (from.length !== to.length || !from.every(isMap) || !to.every(isMap)) differs(path, from, to);
  else for (const [index, item] of from.entries()) compare(`${path}[${index}]`, item, to[index], differs);
}

function tellsApart(key: string, list: unknown[]): boolean {
  const values = list.map((item) => (isMap(item) ? item[key] : undefined));
  return !values.includes(undefined) && new Set(values).size === values.length;
}

function isMap(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function isFilled(value: unknown): value is Fields {
  return isMap(value) && Object.keys(value).length > 0;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  // The first letters of a digest tell it from others.
  const text = JSON.stringify(value).replaceAll(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, '$1');
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`;
}

function hide(from: unknown, to: unknown): string {
  if (from === undefined) return 'added';
  return to === undefined ? 'removed' : 'changed';
}

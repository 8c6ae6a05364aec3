import type { KubernetesObject } from '../object.ts';
import { StatusError } from '../status-error.ts';

export type Predicate = (object: KubernetesObject) => boolean;

const everything: Predicate = () => true;

/**
 * Parses a label selector as kubectl and controllers write it: `app=web,tier in (a, b),!legacy`.
 * Source: apimachinery `labels.Parse`.
 * @throws StatusError 400 BadRequest
 */
export function parseLabelSelector(text: string | undefined): Predicate {
  if (text === undefined || text.trim() === '') return everything;
  const requirements = splitOutsideParentheses(text).map(parseRequirement);
  return ({ metadata: { labels = {} } }) => requirements.every((holds) => holds(labels));
}

type Requirement = (labels: Record<string, string>) => boolean;

function parseRequirement(text: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    const isIn: Requirement = (labels) => labels[key] !== undefined && values.includes(labels[key]);
    return operator === 'in' ? isIn : (labels) => !isIn(labels);
  }
  const equality = /^([^\s=!<>,]+)\s*(==|=|!=)\s*([^\s=!<>,]*)$/.exec(text);
  if (equality) {
    const [, key = '', operator, value = ''] = equality;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const existence = /^(!?)\s*([^\s=!<>,()]+)$/.exec(text);
  if (!existence) throw new StatusError('BadRequest', `unable to parse requirement: ${text}`);
  const [, not, key = ''] = existence;
  return not === '!' ? (labels) => labels[key] === undefined : (labels) => labels[key] !== undefined;
}

function splitOutsideParentheses(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** The fields that a kind may be selected by, besides `metadata.name` and `metadata.namespace`. */
const selectableFields: Record<string, readonly string[]> = {
  Pod: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'status.phase',
    'status.podIP',
  ],
  Event: [
    ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
      (name) => `involvedObject.${name}`,
    ),
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  Namespace: ['status.phase'],
  Node: ['spec.unschedulable'],
  Secret: ['type'],
  ReplicaSet: ['status.replicas'],
  Job: ['status.successful'],
};

/**
 * Parses a field selector: `metadata.name=web,status.phase!=Running`. Source: apimachinery `fields.ParseSelector`.
 * @throws StatusError 400 BadRequest for syntax errors and for fields that the kind cannot be selected by
 */
export function parseFieldSelector(kind: string, text: string | undefined): Predicate {
  if (text === undefined || text.trim() === '') return everything;
  const terms = text
    .split(',')
    .filter((term) => term.trim() !== '')
    .map((term) => parseTerm(kind, term));
  return (object) => terms.every((holds) => holds(object));
}

function parseTerm(kind: string, text: string): Predicate {
  const parts = /^\s*([^=!]+?)\s*(==|=|!=)\s*(.*?)\s*$/.exec(text);
  if (!parts) throw new StatusError('BadRequest', `invalid selector: '${text}'; can't understand '${text}'`);
  const [, field = '', operator, value = ''] = parts;
  if (!['metadata.name', 'metadata.namespace', ...(selectableFields[kind] ?? [])].includes(field))
    throw new StatusError('BadRequest', `field label not supported: ${field}`);
  const path = field.split('.');
  return operator === '!='
    ? (object) => fieldText(object, path) !== value
    : (object) => fieldText(object, path) === value;
}

function fieldText(object: KubernetesObject, path: readonly string[]): string {
  let value: unknown = object;
  for (const name of path) value = (value as Record<string, unknown> | undefined)?.[name];
  // The source of a core event is its component.
  if (typeof value === 'object' && value !== null) value = (value as Record<string, unknown>).component;
  return value === undefined || value === null ? '' : String(value);
}

import { readFileSync } from 'node:fs';

/** The shape of a JSON value, and how two writers' versions of it are merged. */
export type Schema =
  | { is: 'scalar'; type: ScalarType }
  | { is: 'list'; items: Schema; merge: ListMerge; patch?: ListPatch }
  | { is: 'map'; values: Schema; atomic: boolean }
  | { is: 'struct'; struct: Struct; atomic: boolean };

export type ScalarType =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'bytes'
  | 'any'
  | 'intOrString'
  | 'quantity'
  | 'time'
  | 'microTime';

/** How server-side apply merges a list. Source: Kubernetes "Server-Side Apply", `listType` and `listMapKey`. */
export type ListMerge = { by: 'atomic' } | { by: 'set' } | { by: 'keys'; keys: readonly string[] };

/** How a strategic merge patch treats a list or struct: `patchStrategy` and `patchMergeKey`. */
export interface ListPatch {
  strategies: readonly string[];
  key?: string;
}

export interface Struct {
  /** `core.v1.Container` */
  name: string;
  atomic: boolean;
  /** Whether it has an apiVersion and a kind. */
  typed: boolean;
  /** By JSON name; the fields of inlined structs are among them. */
  fields: ReadonlyMap<string, Field>;
  /** Protobuf nests what JSON inlines. */
  inlined: readonly { number: number; struct: Struct }[];
}

export interface Field {
  name: string;
  schema: Schema;
  /** Protobuf field number; undefined for a field of an inlined struct. */
  number?: number;
  /** Whether a zero value differs from an absent one. */
  pointer: boolean;
  omitempty: boolean;
  required: boolean;
  /** Part of a list key that may be left out: `protocol` is TCP. */
  default?: string;
  patch?: ListPatch;
}

interface Draft extends Struct {
  fields: Map<string, Field>;
  inlined: { number: number; struct: Draft }[];
}

let loaded: ReadonlyMap<string, Struct> | undefined;

/** The struct of that name: `structNamed('core.v1.Pod')`. @throws Error when the table has none */
export function structNamed(name: string): Struct {
  loaded ??= parse(readFileSync(new URL('types.txt', import.meta.url), 'utf8'));
  const struct = loaded.get(name);
  if (!struct) throw new Error(`types.txt has no ${name}`);
  return struct;
}

/** The struct of a kind: `structOf('networking.k8s.io/v1', 'Ingress')`. */
export function structOf(apiVersion: string, kind: string): Struct {
  const [version = '', group = 'core'] = apiVersion.split('/').reverse();
  return structNamed(`${group.split('.')[0]}.${version}.${kind}`);
}

function parse(text: string): ReadonlyMap<string, Struct> {
  const lines = text.split('\n').filter((line) => line !== '');
  const structs = new Map<string, Draft>();
  for (const line of lines) {
    if (line.startsWith(' ')) continue;
    const [name = '', ...traits] = line.split(' ');
    const [atomic, typed] = [traits.includes('atomic'), traits.includes('typed')];
    structs.set(name, { name, atomic, typed, fields: new Map(), inlined: [] });
  }
  let current: Draft | undefined;
  for (const line of lines) {
    if (!line.startsWith(' ')) current = structs.get(line.split(' ')[0] ?? '');
    else if (current) addField(structs, current, line.trim());
  }
  for (const struct of structs.values()) flatten(struct);
  return structs;
}

function addField(structs: ReadonlyMap<string, Draft>, struct: Draft, line: string): void {
  const [name = '', type = '', number, ...traits] = line.split(' ');
  if (name === '-') {
    struct.inlined.push({ number: Number(number), struct: structs.get(type) as Draft });
    return;
  }
  const value = (key: string) => traits.find((each) => each.startsWith(`${key}=`))?.slice(key.length + 1);
  const strategies = value('patch')?.split(',');
  const key = value('patchKey');
  const patch = strategies && { strategies, ...(key !== undefined && { key }) };
  const keys = value('keys')?.split(',');
  const isSet = traits.includes('set');
  const merge: ListMerge = keys ? { by: 'keys', keys } : { by: isSet ? 'set' : 'atomic' };
  const fallback = value('default');
  struct.fields.set(name, {
    name,
    schema: schemaOf(structs, type, { merge, atomic: traits.includes('atomic'), patch }),
    number: Number(number),
    pointer: traits.includes('pointer'),
    omitempty: traits.includes('omitempty'),
    required: traits.includes('required'),
    ...(fallback !== undefined && { default: fallback }),
    ...(patch && { patch }),
  });
}

interface FieldTraits {
  merge: ListMerge;
  atomic: boolean;
  patch: ListPatch | undefined;
}

const plain: FieldTraits = { merge: { by: 'atomic' }, atomic: false, patch: undefined };

function schemaOf(
  structs: ReadonlyMap<string, Draft>,
  type: string,
  { merge, atomic, patch }: FieldTraits,
): Schema {
  if (type.startsWith('[]'))
    return { is: 'list', items: schemaOf(structs, type.slice(2), plain), merge, ...(patch && { patch }) };
  if (type.startsWith('map:')) return { is: 'map', values: schemaOf(structs, type.slice(4), plain), atomic };
  const struct = structs.get(type);
  if (struct) return { is: 'struct', struct, atomic: atomic || struct.atomic };
  return { is: 'scalar', type: type as ScalarType };
}

function flatten(struct: Draft): void {
  for (const { struct: inner } of struct.inlined) {
    flatten(inner);
    for (const [name, { number: _, ...field }] of inner.fields)
      if (!struct.fields.has(name)) struct.fields.set(name, field);
  }
}

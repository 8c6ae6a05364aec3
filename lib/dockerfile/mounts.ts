import { didYouMean, fault, type Position } from './faults.ts';
import { fieldsOf } from './mount-fields.ts';
import { bytes, yesOrNo } from './quantities.ts';
import type { RunMount } from './types.ts';

type Type = RunMount['type'];
type Key =
  | 'target'
  | 'source'
  | 'from'
  | 'id'
  | 'sharing'
  | 'readonly'
  | 'readwrite'
  | 'required'
  | 'size'
  | 'mode'
  | 'uid'
  | 'gid'
  | 'env';

const FILE_KEYS = ['mode', 'uid', 'gid'] as const;

const KEYS: Record<Type, readonly Key[]> = {
  bind: ['target', 'source', 'from', 'readonly', 'readwrite'],
  cache: ['target', 'id', 'sharing', 'from', 'source', 'readonly', 'readwrite', ...FILE_KEYS],
  tmpfs: ['target', 'size', 'readonly', 'readwrite'],
  secret: ['id', 'source', 'target', 'required', 'env', 'readonly', 'readwrite', ...FILE_KEYS],
  ssh: ['id', 'target', 'required', 'readonly', 'readwrite', ...FILE_KEYS],
};

const OTHER_NAMES: Record<string, Key> = {
  dst: 'target',
  destination: 'target',
  src: 'source',
  ro: 'readonly',
  rw: 'readwrite',
};

/** The keys of one mount, read and checked as far as can be without the values of variables. */
class Fields {
  readonly type: Type;
  readonly #values = new Map<Key, string | undefined>();
  readonly #position: Position;

  constructor(text: string, position: Position) {
    this.#position = position;
    const fields = fieldsOf(text, position).map(([key, value]) => [key.toLowerCase(), value] as const);
    this.type = this.#typeOf(fields.findLast(([key]) => key === 'type')?.[1] ?? 'bind');
    for (const [key, value] of fields) if (key !== 'type') this.#set(key, value);
  }

  #typeOf(text: string): Type {
    const types = Object.keys(KEYS) as Type[];
    const found = types.find((type) => type === text.toLowerCase());
    if (found !== undefined) return found;
    const cause = `RUN --mount knows no type ${text}${didYouMean(text, types)}`;
    throw fault(this.#position, 'bad-flag', cause, `it is one of ${types.join(', ')}`);
  }

  #set(written: string, value: string | undefined): void {
    const key = Object.hasOwn(OTHER_NAMES, written) ? (OTHER_NAMES[written] as Key) : (written as Key);
    const known = KEYS[this.type];
    if (!known.includes(key)) {
      const meant = didYouMean(written, known);
      const kind = this.type === 'ssh' ? 'an ssh mount' : `a ${this.type} mount`;
      throw fault(
        this.#position,
        'bad-flag',
        `${kind} knows no ${written}=${meant}`,
        `it knows ${known.join(', ')}`,
      );
    }
    const isSwitch = key === 'readonly' || key === 'readwrite' || key === 'required';
    if (value === undefined && !isSwitch) throw this.bad(key, 'has no value', `write ${written}=value`);
    this.#values.set(key, value);
  }

  bad(key: string, cause: string, remedy: string): Error {
    return fault(this.#position, 'bad-flag', `${key} of the ${this.type} mount ${cause}`, remedy);
  }

  /** What was written, variables unreplaced; nothing when it is empty. */
  text(key: Key): string | undefined {
    return this.#values.get(key) || undefined;
  }

  target(): string {
    const target = this.text('target');
    if (target !== undefined) return target;
    throw fault(this.#position, 'bad-flag', `the ${this.type} mount has no target`, 'add target=/path');
  }

  isOn(key: 'readonly' | 'readwrite' | 'required'): boolean | undefined {
    if (!this.#values.has(key)) return undefined;
    const text = this.#values.get(key) ?? 'true';
    const value = yesOrNo(text);
    if (value === undefined) throw this.bad(key, `is ${text}`, 'it is true or false');
    return value;
  }

  readOnly(unless: boolean): boolean {
    const writable = this.isOn('readwrite');
    return this.isOn('readonly') ?? (writable === undefined ? unless : !writable);
  }

  /** A stage or image; it has no variables (BuildKit, `parseMount`). */
  from(): string | undefined {
    const from = this.text('from');
    if (from?.includes('$')) {
      throw this.bad(
        'from',
        'does not take variables',
        'add FROM with the variable AS name, and say from=name',
      );
    }
    return from;
  }

  sharing(): 'shared' | 'private' | 'locked' {
    const choices = ['shared', 'private', 'locked'] as const;
    const text = this.text('sharing') ?? 'shared';
    const found = choices.find((choice) => choice === text.toLowerCase());
    if (found !== undefined) return found;
    throw this.bad('sharing', `is ${text}${didYouMean(text, choices)}`, `it is one of ${choices.join(', ')}`);
  }

  size(): number | undefined {
    const text = this.text('size');
    const size = text === undefined ? undefined : bytes(text);
    if (text !== undefined && size === undefined)
      throw this.bad('size', `is ${text}`, 'write it as 64m or 1g');
    return size;
  }

  /** Mode and owner, which may have variables. */
  file(): { mode?: string; uid?: string; gid?: string } {
    const found = FILE_KEYS.map((key) => [key, this.text(key)] as const);
    for (const [key, value] of found) {
      const isNumber = (key === 'mode' ? /^[0-7]+$/ : /^\d+$/).test(value ?? '0');
      if (!isNumber && !value?.includes('$')) {
        throw this.bad(key, `is ${value}`, key === 'mode' ? 'write it in octal, 0700' : 'write its number');
      }
    }
    return Object.fromEntries(found.filter(([, value]) => value !== undefined));
  }

  optional<K extends Key>(...keys: K[]): { [key in K]?: string } {
    const found = keys.map((key) => [key, this.text(key)] as const);
    return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as { [key in K]?: string };
  }
}

/** Reads `type=cache,target=/go/pkg/mod` (BuildKit, `instructions.parseMount`). Throws `dockerfile/bad-flag`. */
export function readMount(text: string, position: Position): RunMount {
  const fields = new Fields(text, position);
  const { type } = fields;
  fields.isOn('readonly');
  fields.isOn('readwrite');
  if (type === 'tmpfs') {
    const size = fields.size();
    return { type, target: fields.target(), ...(size === undefined ? {} : { size }) };
  }
  if (type === 'secret') return secret(fields, position);
  if (type === 'ssh') {
    const required = fields.isOn('required') ?? false;
    return { type, required, ...fields.optional('id', 'target'), ...fields.file() };
  }
  const target = fields.target();
  const from = fields.from();
  const source = { ...fields.optional('source'), ...(from === undefined ? {} : { from }) };
  if (type === 'bind') return { type, target, readOnly: fields.readOnly(true), ...source };
  const sharing = fields.sharing();
  return {
    type,
    target,
    sharing,
    readOnly: fields.readOnly(false),
    ...fields.optional('id'),
    ...source,
    ...fields.file(),
  };
}

// The secret's id is what it is called, else where it goes: target=/root/.npmrc is the secret .npmrc.
function secret(fields: Fields, position: Position): RunMount {
  const { id: named, source, target, env } = fields.optional('id', 'source', 'target', 'env');
  if (named !== undefined && source !== undefined) {
    throw fault(position, 'bad-flag', 'the secret mount has both id= and source=', 'keep id=');
  }
  const id = named ?? source ?? target?.split('/').findLast((name) => name !== '');
  if (id === undefined) throw fault(position, 'bad-flag', 'the secret mount has no id', 'add id=name');
  const required = fields.isOn('required') ?? false;
  const places = { ...(target === undefined ? {} : { target }), ...(env === undefined ? {} : { env }) };
  return { type: 'secret', id, required, ...places, ...fields.file() };
}

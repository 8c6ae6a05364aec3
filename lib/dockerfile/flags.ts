import { didYouMean, fault, notSupported, type Position } from './faults.ts';
import type { RunMount } from './types.ts';
import type { Flag } from './words.ts';

/** The flags that an instruction may have: `yes` we honour, the others are refused with what to do instead. */
type Known = Record<string, { remedy: string } | 'yes'>;

const COPY: Known = {
  from: 'yes',
  chown: 'yes',
  chmod: 'yes',
  link: 'yes',
  parents: { remedy: 'name the directory in the destination' },
  exclude: { remedy: 'put the pattern into .dockerignore' },
};

const KNOWN_FLAGS: Record<string, Known> = {
  FROM: { platform: 'yes' },
  COPY,
  ADD: {
    chown: 'yes',
    chmod: 'yes',
    link: 'yes',
    checksum: { remedy: 'download in a RUN and check the sum there' },
    'keep-git-dir': { remedy: 'clone in a RUN' },
    unpack: { remedy: 'unpack in a RUN' },
    exclude: { remedy: 'put the pattern into .dockerignore' },
  },
  RUN: {
    mount: 'yes',
    network: { remedy: 'leave it out: RUN shares the network of the builder' },
    security: { remedy: 'leave it out' },
    device: { remedy: 'leave it out' },
  },
  HEALTHCHECK: {
    interval: 'yes',
    timeout: 'yes',
    'start-period': 'yes',
    'start-interval': 'yes',
    retries: 'yes',
  },
};

/** Checks that `keyword` knows each flag, that it has a value where it needs one, and that none is there twice. */
export function checkFlags(keyword: string, flags: Flag[], position: Position): void {
  const known = KNOWN_FLAGS[keyword] ?? {};
  const seen = new Set<string>();
  for (const { name, value } of flags) {
    const entry = known[name];
    if (entry === undefined) {
      const meant = didYouMean(
        `--${name}`,
        Object.keys(known).map((flag) => `--${flag}`),
      );
      throw fault(position, 'unknown-flag', `${keyword} knows no flag --${name}${meant}`);
    }
    if (entry !== 'yes') throw notSupported(position, `${keyword} --${name}`, entry.remedy);
    if (!value && name !== 'link') throw fault(position, 'bad-flag', `${keyword} --${name} needs a value`);
    if (seen.has(name) && name !== 'mount') throw fault(position, 'bad-flag', `--${name} is there twice`);
    seen.add(name);
  }
}

/** The value of a flag that is there once at most. */
export function flag(flags: Flag[], name: string): string | undefined {
  return flags.find((candidate) => candidate.name === name)?.value;
}

const MOUNT_KEYS = [
  'type',
  'target',
  'dst',
  'destination',
  'id',
  'sharing',
  'ro',
  'readonly',
  'rw',
  'readwrite',
];
const IGNORED_MOUNT_KEYS = ['mode', 'uid', 'gid', 'from', 'source', 'src'];

/** Reads `type=cache,target=/go/pkg/mod`; other types are refused by name. */
export function cacheMount(text: string, position: Position): RunMount & { type: 'cache' } {
  const pairs = text.split(',').map((field): [string, string] => {
    const [key = '', ...value] = field.split('=');
    return [key.trim().toLowerCase(), value.join('=')];
  });
  const fields = new Map(pairs);
  const type = fields.get('type') ?? 'bind';
  if (type !== 'cache') {
    const remedy =
      type === 'secret' || type === 'ssh' ? 'fetch what needs it before the build' : 'COPY what RUN needs';
    throw notSupported(position, `RUN --mount=type=${type}`, remedy);
  }
  for (const key of fields.keys()) {
    if (MOUNT_KEYS.includes(key)) continue;
    if (IGNORED_MOUNT_KEYS.includes(key))
      throw notSupported(position, `${key}= of a cache mount`, 'leave it out');
    throw fault(position, 'bad-flag', `a cache mount knows no ${key}=${didYouMean(key, MOUNT_KEYS)}`);
  }
  const target = fields.get('target') ?? fields.get('dst') ?? fields.get('destination');
  if (!target) throw fault(position, 'bad-flag', 'the cache mount has no target', 'add target=/path');
  const id = fields.get('id');
  const readOnly = ['ro', 'readonly'].some((key) => fields.has(key) && fields.get(key) !== 'false');
  return { type: 'cache', target, readOnly, sharing: 'shared', ...(id ? { id } : {}) };
}

const UNITS: Record<string, number> = { h: 3.6e12, m: 6e10, s: 1e9, ms: 1e6, us: 1e3, µs: 1e3, ns: 1 };

/** A duration as Go writes it (`1m30s`, `500ms`), in nanoseconds. */
export function duration(text: string, position: Position): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)/g)];
  const whole = parts.map(([part]) => part).join('');
  if (whole !== text || text === '') {
    throw fault(
      position,
      'bad-flag',
      `${JSON.stringify(text)} is not a duration`,
      'write it as 30s or 1m30s',
    );
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit as string] ?? 0), 0);
}

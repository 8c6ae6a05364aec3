import { isRecord } from '../objects.ts';
import type { ComposeFile, ComposeService } from './schema.ts';

/** Keys below those of a service that mean something here; lists stand for each of their entries. */
const KNOWN: Record<string, readonly string[]> = {
  deploy: ['replicas', 'mode', 'resources'],
  'deploy.resources': ['limits', 'reservations'],
  'deploy.resources.limits': ['cpus', 'memory', 'pids'],
  'deploy.resources.reservations': ['cpus', 'memory', 'devices'],
  // A probe that fails restarts nothing, so there is no time at the start to be excepted.
  healthcheck: ['test', 'interval', 'timeout', 'retries', 'start_period', 'start_interval', 'disable'],
  ports: ['target', 'published', 'protocol'],
  volumes: ['type', 'source', 'target', 'read_only', 'tmpfs'],
  'volumes.tmpfs': ['size'],
  configs: ['source', 'target', 'mode', 'uid', 'gid'],
  secrets: ['source', 'target', 'mode', 'uid', 'gid'],
  env_file: ['path', 'required'],
};

/** What a service says further down that has no counterpart in a cluster: one notice each. */
export function nestedLeftOut(name: string, service: ComposeService): string[] {
  const leftOut = Object.entries(KNOWN).flatMap(([path, known]) =>
    entriesAt(service, path.split('.')).flatMap((entry) =>
      Object.keys(entry)
        .filter((key) => !known.includes(key) && !key.startsWith('x-'))
        .map((key) => `services.${name}.${path}.${key} is left out: it has no counterpart in a cluster`),
    ),
  );
  return [...new Set(leftOut)];
}

/** Keys of what is defined at the end of a file. */
const DEFINED = {
  volumes: ['name', 'external', 'x-fairlead'],
  configs: ['name', 'external', 'file', 'content', 'environment'],
  secrets: ['name', 'external', 'file', 'environment'],
};

/** The same of volumes, configs and secrets. */
export function definedLeftOut(file: ComposeFile): string[] {
  return (['volumes', 'configs', 'secrets'] as const).flatMap((kind) =>
    Object.entries(file[kind] ?? {}).flatMap(([name, defined]) =>
      Object.keys(defined ?? {})
        .filter((key) => !DEFINED[kind].includes(key))
        .map((key) => `${kind}.${name}.${key} is left out: it has no counterpart in a cluster`),
    ),
  );
}

function entriesAt(value: unknown, path: readonly string[]): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap((each) => entriesAt(each, path));
  if (!isRecord(value)) return [];
  const [key, ...rest] = path;
  return key === undefined ? [value] : entriesAt(value[key], rest);
}

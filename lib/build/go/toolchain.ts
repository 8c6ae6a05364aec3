import { execFile } from 'node:child_process';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { FairleadError, messageOf } from '../../errors.ts';
import { keyOf, type Store, writeWhole } from '../store/store.ts';
import { type GoVersion, parseGoVersion } from './versions.ts';

/** Where the Go toolchain is, and what of the builder's environment it may know. */
export interface Toolchain {
  /** The path of the go command. */
  go: string;
  /** The builder's GOPROXY, GOSUMDB and the like, unless a Dockerfile sets its own. */
  environment: Record<string, string>;
}

/** A toolchain that answered. */
export interface ProbedToolchain extends Toolchain {
  version: GoVersion;
  /** `go1.22.3`, as it calls itself: part of every cache key. */
  name: string;
  goroot: string;
}

const PLACES = ['/usr/local/go/bin/go', '/opt/go/bin/go', '/usr/lib/go/bin/go', '/usr/bin/go'];

/** What tells Go where modules come from; it holds no credential that `go env` would not show. */
const PASSED = ['GOPROXY', 'GOSUMDB', 'GONOSUMDB', 'GOPRIVATE', 'GONOPROXY'];

/**
 * Finds Go on the PATH of `environment`, else where it is usually installed. Of the environment only what tells
 * where modules come from is kept.
 */
export function findToolchain(
  environment: Readonly<Record<string, string | undefined>>,
): Toolchain | undefined {
  const onPath = (environment.PATH ?? '').split(delimiter).filter((directory) => directory.startsWith('/'));
  const go = [...onPath.map((directory) => join(directory, 'go')), ...PLACES].find((path) =>
    existsSync(path),
  );
  if (go === undefined) return undefined;
  const passed = PASSED.flatMap((name) =>
    environment[name] === undefined ? [] : [[name, environment[name]]],
  );
  return { go, environment: Object.fromEntries(passed) as Record<string, string> };
}

const probed = new Map<string, Promise<ProbedToolchain>>();

/**
 * Asks Go for its version: once in the life of this process, and with a `store`, once in that of the program as it is
 * there. Throws `build/bad-toolchain`.
 */
export async function probeToolchain(toolchain: Toolchain, store?: Store): Promise<ProbedToolchain> {
  const known = probed.get(toolchain.go) ?? remembered(toolchain, store);
  probed.set(toolchain.go, known);
  known.catch(() => probed.delete(toolchain.go));
  return { ...(await known), environment: toolchain.environment };
}

type Answer = Pick<ProbedToolchain, 'version' | 'name' | 'goroot'>;

async function remembered(toolchain: Toolchain, store: Store | undefined): Promise<ProbedToolchain> {
  const key = store === undefined ? undefined : programKey(toolchain.go);
  if (store === undefined || key === undefined) return ask(toolchain);
  const answer = await store.own<Answer>('toolchains', key);
  if (answer !== undefined) return { ...toolchain, ...answer };
  const asked = await ask(toolchain);
  const { version, name, goroot } = asked;
  // Of this machine alone.
  writeWhole(store.path('toolchains', `${key}.json`), JSON.stringify({ version, name, goroot }));
  return asked;
}

/** Smaller ones are scripts of version managers, which start another Go from one directory to the next. */
const SMALLEST_PROGRAM = 1024 * 1024;

function programKey(go: string): string | undefined {
  try {
    const path = realpathSync(go);
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return size < SMALLEST_PROGRAM
      ? undefined
      : keyOf(go, path, ...[ino, size, mtimeNs, ctimeNs].map(String));
  } catch {
    return undefined;
  }
}

async function ask(toolchain: Toolchain): Promise<ProbedToolchain> {
  const env = { GOTOOLCHAIN: 'local', GOENV: 'off', GOFLAGS: '', HOME: '/nonexistent', GOTELEMETRY: 'off' };
  try {
    const { stdout } = await promisify(execFile)(toolchain.go, ['env', 'GOVERSION', 'GOROOT'], { env });
    const [name = '', goroot = ''] = stdout.trim().split('\n');
    const version = parseGoVersion(name);
    if (version === undefined) throw new Error(`it calls itself ${JSON.stringify(name)}`);
    return { ...toolchain, version, name, goroot };
  } catch (error) {
    throw new FairleadError(
      {
        code: 'build/bad-toolchain',
        operation: `asking ${toolchain.go} for its version`,
        cause: messageOf(error),
        remedy: 'install Go, or name another toolchain',
      },
      { cause: error },
    );
  }
}

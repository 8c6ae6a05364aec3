import { join } from 'node:path';
import type { Platform } from '../../image/types.ts';
import type { NetworkPolicy } from '../../network/policy.ts';
import { within } from '../stage/config.ts';
import { keyOf } from '../store/store.ts';
import { goFlags } from './flags.ts';
import { NotPlain } from './shell.ts';
import { checkSources, gitEnvironment, PROXY } from './sources.ts';
import type { ProbedToolchain } from './toolchain.ts';

/** The directories on this machine that a go command works with. */
export interface GoDirectories {
  /** What the stage calls `/`. */
  root: string;
  buildCache: string;
  moduleCache: string;
  /** Emptied with the stage. */
  temporary: string;
  home: string;
}

/** Where the golang image has them, for what people see and what binaries record. */
export const STAGE_GOROOT = '/usr/local/go';
export const STAGE_GOMODCACHE = '/go/pkg/mod';

/** What a stage or a RUN may set for Go. GOCACHEPROG, GOAUTH, CC and the like would run programs, so they are not here. */
const ALLOWED = new Set(
  (
    'GOOS GOARCH GOAMD64 GOARM GOARM64 GO386 GOMIPS GOMIPS64 GOPPC64 GORISCV64 GOWASM GOEXPERIMENT GODEBUG GOFIPS140 ' +
    'GO111MODULE GOFLAGS GOWORK GOBIN GOPATH GOPROXY GOSUMDB GONOSUMDB GONOSUMCHECK GOPRIVATE GONOPROXY GOINSECURE ' +
    'GOMAXPROCS GOGC GOMEMLIMIT CGO_ENABLED'
  ).split(' '),
);

/** The variables whose value is a path of the stage. */
const PATHS = ['GOPATH', 'GOBIN', 'GOWORK'];

/** What decides where modules come from, and whether they are checked against the public record of their hashes. */
const SOURCES = /^(GOPROXY|GOSUMDB|GONOSUMDB|GONOSUMCHECK|GOPRIVATE|GONOPROXY|GOINSECURE)$/;

/**
 * The module cache for a command. Who says otherwise than the builder where modules come from could put others under
 * their names, and so has a cache apart from everybody else's.
 */
export function moduleCacheFor(
  moduleCache: string,
  variables: ReadonlyMap<string, string>,
  { environment }: ProbedToolchain,
): string {
  const own = [...variables].filter(
    ([name, value]) => (SOURCES.test(name) && value !== environment[name]) || PROXY.test(name),
  );
  return own.length === 0 ? moduleCache : `${moduleCache}-${keyOf(own.sort()).slice(0, 16)}`;
}

export interface GoEnvironmentInput {
  toolchain: ProbedToolchain;
  directories: GoDirectories;
  /** The stage's variables, with those of the command. */
  variables: ReadonlyMap<string, string>;
  /** The script for -toolexec. */
  toolexec: string;
  /** The stage's. */
  platform: Platform;
  /** Whether a go.work is above the working directory inside of the stage; else one further up must not count. */
  hasWorkspace: boolean;
  /** What go may not connect to. */
  network: NetworkPolicy;
}

/**
 * The environment of a go command, made from nothing: what the stage sets for Go, the builder's GOPROXY and its like,
 * and our directories. Without a C compiler cgo is off unless the stage asks for it, which is refused. Throws NotPlain.
 */
export function goEnvironment(input: GoEnvironmentInput): Record<string, string> {
  const { toolchain, directories, platform, variables, toolexec, network } = input;
  checkSources(variables, network);
  const env: Record<string, string> = { ...toolchain.environment };
  for (const [name, value] of variables) if (ALLOWED.has(name) || PROXY.test(name)) env[name] = value;
  if (env.CGO_ENABLED === '1') throw new NotPlain('CGO_ENABLED=1 needs a C compiler');
  for (const name of PATHS) {
    if (env[name] !== undefined && env[name] !== 'off') env[name] = pathList(env[name], directories.root);
  }
  const own = goFlags(env.GOFLAGS ?? '');
  return {
    GOARCH: platform.architecture,
    ...(platform.architecture === 'arm' ? { GOARM: (platform.variant ?? 'v7').slice(1) } : {}),
    GOOS: 'linux',
    GOPATH: join(directories.root, 'go'),
    ...(input.hasWorkspace ? {} : { GOWORK: 'off' }),
    ...env,
    CGO_ENABLED: '0',
    // Some programs are linked by it all the same (GOOS=android), with -extldflags that could have it run anything.
    CC: '/nonexistent/cc',
    GOFLAGS: [`-toolexec=${toolexec}`, '-buildvcs=false', ...own].join(' '),
    GOCACHE: directories.buildCache,
    GOMODCACHE: directories.moduleCache,
    GOTMPDIR: directories.temporary,
    TMPDIR: directories.temporary,
    HOME: directories.home,
    GOENV: 'off',
    GOTOOLCHAIN: 'local',
    GOTELEMETRY: 'off',
    ...gitEnvironment(network),
    PATH: `${toolchain.goroot}/bin:/usr/local/bin:/usr/bin:/bin`,
    LANG: 'C.UTF-8',
  };
}

function pathList(value: string, root: string): string {
  return value
    .split(':')
    .map((path) => join(root, within('/', path)))
    .join(':');
}

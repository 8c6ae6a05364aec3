import { expand, type Lookup } from '../../dockerfile/expand.ts';
import type { ArgInstruction, Dockerfile } from '../../dockerfile/types.ts';
import { renderPlatform } from '../../image/platform.ts';
import type { Platform } from '../../image/types.ts';

/** Build args that RUN gets without an ARG, and that no cache key or history knows (Dockerfile reference, "Predefined ARGs"). */
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];

/** Build args that are for the builder itself, so that no ARG has to declare them. */
const BUILDERS_OWN = /^(SOURCE_DATE_EPOCH|BUILDKIT_\w+)$/;

/** ARGs that no command sees (BuildKit, `nonEnvArgs`). */
const NO_VARIABLES = ['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'];

export interface Platforms {
  build: Platform;
  target: Platform;
}

/** The build args of one build, those that the builder sets, and which of them were asked for. */
export class BuildArgs {
  readonly #given: Readonly<Record<string, string>>;
  readonly #platforms: Platforms;
  readonly #used = new Set<string>();

  constructor(given: Readonly<Record<string, string>>, platforms: Platforms) {
    this.#given = given;
    this.#platforms = platforms;
  }

  /** What was given on the command line. */
  given(name: string): string | undefined {
    if (!Object.hasOwn(this.#given, name)) return undefined;
    this.#used.add(name);
    return this.#given[name];
  }

  /** The platforms and the target stage, as far as they were not given otherwise (BuildKit, `defaultArgs`). */
  builtin(targetStage: string): Map<string, string> {
    const { build, target } = this.#platforms;
    const known = { ...describe('BUILD', build), ...describe('TARGET', target), TARGETSTAGE: targetStage };
    return new Map(Object.entries(known).map(([name, value]) => [name, this.given(name) ?? value]));
  }

  /** The proxies, for RUN: each in capitals and in small letters, however it was given. */
  predefined(): [name: string, value: string][] {
    return PROXIES.flatMap((name): [string, string][] => {
      const given = Object.entries(this.#given).findLast(([key]) => key.toUpperCase() === name)?.[1];
      return given
        ? [
            [name, given],
            [name.toLowerCase(), given],
          ]
        : [];
    });
  }

  /** What was given and no ARG took. */
  unused(): string[] {
    return Object.keys(this.#given).filter(
      (name) => !this.#used.has(name) && !PROXIES.includes(name.toUpperCase()) && !BUILDERS_OWN.test(name),
    );
  }
}

function describe(prefix: string, platform: Platform): Record<string, string> {
  return {
    [`${prefix}PLATFORM`]: renderPlatform(platform),
    [`${prefix}OS`]: platform.os,
    [`${prefix}ARCH`]: platform.architecture,
    [`${prefix}VARIANT`]: platform.variant ?? '',
  };
}

/**
 * What FROM lines see, and bare ARGs in stages: the ARGs before the first FROM, and what the builder sets. `target`
 * is the stage that was asked for.
 */
export function globalValues(dockerfile: Dockerfile, args: BuildArgs, target?: string): Map<string, string> {
  const values = args.builtin(target ?? dockerfile.stages.at(-1)?.name ?? 'default');
  for (const { args: declared, line } of dockerfile.globals) {
    for (const arg of declared) {
      const value = args.given(arg.name) ?? defaultOf(arg, line, dockerfile, (name) => values.get(name));
      if (value !== undefined) values.set(arg.name, value);
    }
  }
  return values;
}

/** Where an ARG of a stage finds its value. */
export interface ArgScope {
  dockerfile: Pick<Dockerfile, 'name' | 'escapeChar'>;
  args: BuildArgs;
  globals: ReadonlyMap<string, string>;
  /** The variables before the ARG. */
  lookup: Lookup;
}

/**
 * What an ARG instruction of a stage sets, one after the other: what was given, else its default, else what is
 * global, else nothing (BuildKit, `dispatchArg`). A default sees the ones before it.
 */
export function argValues(
  { args: declared, line }: ArgInstruction,
  { dockerfile, args, globals, lookup }: ArgScope,
): Map<string, string> {
  const values = new Map<string, string>();
  const seen: Lookup = (name) => values.get(name) ?? lookup(name);
  for (const arg of declared) {
    const { name } = arg;
    const own = arg.value === undefined ? globals.get(name) : undefined;
    const value = args.given(name) ?? own ?? defaultOf(arg, line, dockerfile, seen);
    if (value !== undefined && !NO_VARIABLES.includes(name)) values.set(name, value);
  }
  return values;
}

function defaultOf(
  { value }: ArgInstruction['args'][number],
  line: number,
  { name: file, escapeChar }: Pick<Dockerfile, 'name' | 'escapeChar'>,
  lookup: Lookup,
): string | undefined {
  return value === undefined ? undefined : expand(value, lookup, escapeChar, { file, line });
}

import { expand, type Lookup } from '../dockerfile/expand.ts';
import type { ArgInstruction, Dockerfile } from '../dockerfile/types.ts';
import { renderPlatform } from '../image/platform.ts';
import type { Platform } from '../image/types.ts';

/** Build args that RUN gets without an ARG, and that no cache key or history knows (Dockerfile reference, "Predefined ARGs"). */
const PREDEFINED = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

export interface Platforms {
  build: Platform;
  target: Platform;
}

/** The build args of one build, those that the builder sets, and which of them were asked for. */
export class BuildArgs {
  readonly #given: Readonly<Record<string, string>>;
  readonly #platform: Record<string, string>;
  readonly #used = new Set<string>();

  constructor(given: Readonly<Record<string, string>>, platforms: Platforms) {
    this.#given = given;
    this.#platform = { ...describe('BUILD', platforms.build), ...describe('TARGET', platforms.target) };
  }

  /** What was given on the command line, or by the platforms. */
  value(name: string): string | undefined {
    if (Object.hasOwn(this.#given, name)) {
      this.#used.add(name);
      return this.#given[name];
    }
    return this.#platform[name];
  }

  /** The proxies and such, for RUN. */
  predefined(): [name: string, value: string][] {
    return PREDEFINED.flatMap((name) => {
      const value = Object.hasOwn(this.#given, name) ? this.#given[name] : undefined;
      return value === undefined ? [] : [[name, value]];
    });
  }

  unused(): string[] {
    const known = [...PREDEFINED, 'SOURCE_DATE_EPOCH'];
    return Object.keys(this.#given).filter((name) => !this.#used.has(name) && !known.includes(name));
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

/** The values of the ARGs before the first FROM, which FROM lines and bare ARGs in stages see. */
export function globalValues(dockerfile: Dockerfile, args: BuildArgs): Map<string, string> {
  const values = new Map<string, string>();
  const lookup: Lookup = (name) => values.get(name) ?? args.value(name);
  for (const instruction of dockerfile.globals) {
    for (const [name, value] of argValues(instruction, dockerfile, args, lookup)) values.set(name, value);
  }
  return values;
}

/** What an ARG instruction sets: what was given, else its default, else nothing. */
export function argValues(
  { args: declared, line }: ArgInstruction,
  { name: file, escapeChar }: Dockerfile,
  args: BuildArgs,
  lookup: Lookup,
): [name: string, value: string][] {
  return declared.flatMap(({ name, value }): [string, string][] => {
    const given = args.value(name);
    if (given !== undefined) return [[name, given]];
    return value === undefined ? [] : [[name, expand(value, lookup, escapeChar, { file, line })]];
  });
}

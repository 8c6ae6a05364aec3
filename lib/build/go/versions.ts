import { parseReference } from '../../image/reference.ts';

/** The numbers of a Go version; `1` has one, `1.22.3` three. */
export type GoVersion = readonly number[];

/** Reads `go1.19.8`, `1.22`, `1.23rc1`; nothing when it begins otherwise. */
export function parseGoVersion(text: string): GoVersion | undefined {
  const numbers = /^(?:go)?(\d+(?:\.\d+){0,2})/.exec(text)?.[1];
  return numbers?.split('.').map(Number);
}

export function renderGoVersion(version: GoVersion): string {
  return version.join('.');
}

/** Below 0 when `a` is older, above when it is newer; as far as both tell: `1.22` and `1.22.3` are alike. */
export function compareGoVersions(a: GoVersion, b: GoVersion): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * What a base image that is Go's own asks of the toolchain: `golang:1.22-alpine` asks for 1.22, `golang:latest` for
 * nothing in particular (an empty version). Any registry's or mirror's repository called `golang` counts.
 * Undefined for other images.
 */
export function golangVersion(image: string): GoVersion | undefined {
  const { path, tag = '' } = parseReference(image);
  if (path.split('/').at(-1) !== 'golang') return undefined;
  return parseGoVersion(tag) ?? [];
}

/** The version that a go.mod's go directive asks for. */
export function goDirective(goMod: string): GoVersion | undefined {
  const text = /^\s*go\s+(\d+(?:\.\d+){0,2})/m.exec(goMod)?.[1];
  return text === undefined ? undefined : parseGoVersion(text);
}

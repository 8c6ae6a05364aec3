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

/** Mirrors of Docker's official images under names of their own. */
const OFFICIAL: Readonly<Record<string, string>> = {
  'docker.io': 'library/golang',
  'public.ecr.aws': 'docker/library/golang',
  'mirror.gcr.io': 'library/golang',
};

/** An account's registry, in which a rule for pulling through has a prefix of its owner's choice (Amazon ECR). */
const ECR = /^\d+\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws)$/;

/**
 * What a base image that is Docker's official one of Go asks of the toolchain: `golang:1.22-alpine` asks for 1.22,
 * `golang:latest` for nothing in particular (an empty version). It counts under Docker Hub's name, behind that name in
 * a mirror (`registry.example.com/docker.io/library/golang`), and where others keep it. Undefined for other images,
 * also for those that are called so: another golang may be another Go.
 */
export function golangVersion(image: string): GoVersion | undefined {
  const { host, path, tag = '' } = parseReference(image);
  const isMirrored =
    /(^|\/)docker\.io\/library\/golang$/.test(path) || (ECR.test(host) && path.endsWith('/library/golang'));
  if (OFFICIAL[host] !== path && !isMirrored) return undefined;
  return parseGoVersion(tag) ?? [];
}

/** The version that a go.mod's go directive asks for. */
export function goDirective(goMod: string): GoVersion | undefined {
  const text = /^\s*go\s+(\d+(?:\.\d+){0,2})/m.exec(goMod)?.[1];
  return text === undefined ? undefined : parseGoVersion(text);
}

/** Whether a go.mod requires modules of others. */
export function requiresModules(goMod: string): boolean {
  return /^\s*require\b/m.test(goMod);
}

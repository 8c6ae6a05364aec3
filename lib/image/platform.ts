import { FairleadError } from '../errors.ts';
import type { Descriptor, Platform } from './types.ts';

// The names that other tools and kernels have for Go's architectures (containerd, platforms/database.go).
const ARCHITECTURES: Record<string, [architecture: string, variant?: string]> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  x64: ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
  i386: ['386'],
  i686: ['386'],
  ia32: ['386'],
};

// What a variant that is left out means; these are dropped, so that arm64 and arm64/v8 are the same platform.
const DEFAULT_VARIANTS: Record<string, string> = { amd64: 'v1', arm64: 'v8' };

/** One spelling for each platform: `x86_64` is amd64, `aarch64` and `arm64/v8` are arm64, `arm` is arm/v7. */
function normalizePlatform({ os, architecture, variant }: Platform): Platform {
  const lower = architecture.toLowerCase();
  const [name, implied] = ARCHITECTURES[lower] ?? [lower];
  const given = (variant || implied || (name === 'arm' ? 'v7' : '')).toLowerCase();
  const numbered = /^\d/.test(given) ? `v${given}` : given;
  return {
    os: os.toLowerCase(),
    architecture: name,
    ...(numbered !== '' && numbered !== DEFAULT_VARIANTS[name] && { variant: numbered }),
  };
}

/** Reads `linux/arm64`, `linux/arm/v7` or `arm64` alone, which means Linux. Throws `image/bad-platform`. */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/');
  if (parts.length > 3 || parts.some((part) => !/^[A-Za-z0-9_.-]+$/.test(part))) {
    throw new FairleadError({
      code: 'image/bad-platform',
      operation: 'reading a platform',
      place: JSON.stringify(text),
      cause: 'it is not of the form os/architecture or os/architecture/variant',
      remedy: 'write it like linux/amd64 or linux/arm64',
    });
  }
  const [os = '', architecture, variant] = parts;
  if (architecture === undefined) return normalizePlatform({ os: 'linux', architecture: os });
  return normalizePlatform({ os, architecture, ...(variant !== undefined && { variant }) });
}

/** `linux/amd64`, `linux/arm/v7`. */
export function renderPlatform(platform: Platform): string {
  const { os, architecture, variant } = normalizePlatform(platform);
  return [os, architecture, variant].filter((part) => part !== undefined).join('/');
}

/** The platform whose programs this machine's processor runs; the system is Linux, as that is what containers have. */
export function machinePlatform(): Platform {
  return normalizePlatform({ os: 'linux', architecture: process.arch });
}

/** Whether a machine runs programs for `wanted`. Variants are not compared: what a processor has shows when it runs. */
export function runsOn(wanted: Platform, machine: Platform): boolean {
  const [{ os, architecture }, own] = [normalizePlatform(wanted), normalizePlatform(machine)];
  if (os !== own.os) return false;
  return architecture === own.architecture || (architecture === '386' && own.architecture === 'amd64');
}

/**
 * The best of an index's manifests for `wanted`: the same variant, or else the newest below it, as a newer processor
 * runs an older variant's programs. Undefined when there is none.
 */
export function choosePlatform(manifests: readonly Descriptor[], wanted: Platform): Descriptor | undefined {
  const target = normalizePlatform(wanted);
  let best: { descriptor: Descriptor; variant: number } | undefined;
  for (const descriptor of manifests) {
    if (descriptor.platform === undefined) continue;
    const offered = normalizePlatform(descriptor.platform);
    if (offered.os !== target.os || offered.architecture !== target.architecture) continue;
    const variant = variantNumber(offered);
    if (variant > variantNumber(target) || (best !== undefined && variant <= best.variant)) continue;
    best = { descriptor, variant };
  }
  return best?.descriptor;
}

function variantNumber({ architecture, variant }: Platform): number {
  return Number.parseFloat((variant ?? DEFAULT_VARIANTS[architecture] ?? 'v0').slice(1)) || 0;
}

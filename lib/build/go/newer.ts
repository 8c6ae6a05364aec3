import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FairleadError } from '../../errors.ts';
import { probeToolchain, type Toolchain } from './toolchain.ts';
import { compareGoVersions, type GoVersion, renderGoVersion } from './versions.ts';

/** Since then Go fetches other versions of itself (go.dev/doc/toolchain), checked like modules. */
const SWITCHES: GoVersion = [1, 21];

/**
 * A toolchain that is `wanted` or newer: the one at hand, or one that it fetches, into the person's module cache. Throws
 * `build/old-go` where it is too old for that, or cannot.
 */
export async function newerToolchain(
  toolchain: Toolchain,
  wanted: GoVersion,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Toolchain> {
  const { version } = await probeToolchain(toolchain);
  if (compareGoVersions(version, wanted) >= 0) return toolchain;
  if (compareGoVersions(version, SWITCHES) < 0)
    throw oldGo(`Go ${renderGoVersion(version)} is at hand (${toolchain.go})`, wanted);
  // `1.26` is a language; the first release of it is 1.26.0.
  const name = `go${renderGoVersion(wanted.length < 3 ? [...wanted, 0] : wanted)}`;
  try {
    const { stdout } = await promisify(execFile)(toolchain.go, ['env', 'GOROOT'], {
      cwd: tmpdir(),
      env: { ...environment, GOTOOLCHAIN: name, GOFLAGS: '', GOWORK: 'off' },
    });
    return { ...toolchain, go: join(stdout.trim(), 'bin', 'go') };
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw oldGo(
      `Go ${renderGoVersion(version)} could not fetch ${name}: ${stderr.trim().slice(-300)}`,
      wanted,
    );
  }
}

/** The error of a machine whose Go does not do; `found` says what is there. */
export function oldGo(found: string, wanted: GoVersion): FairleadError {
  const [needed, enough] = [renderGoVersion(wanted), renderGoVersion(SWITCHES)];
  return new FairleadError({
    code: 'build/old-go',
    operation: 'looking for a Go toolchain',
    cause: `the Dockerfile compiles with Go ${needed}, and ${found}`,
    remedy: `install Go ${needed}, or ${enough} or later, which fetches that by itself (https://go.dev/doc/install)`,
  });
}

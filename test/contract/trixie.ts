import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Kept between runs, outside of any checkout, since making one takes a minute or two. */
export const CACHE = '/var/cache/fairlead-test';

/** Why there can be no Debian trixie with `packages` here; nothing when there can. */
export function whyNoTrixie(packages: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return 'Debian trixie is made by root';
  if (existsSync(rootDirectory(packages))) return undefined;
  if (!existsSync('/usr/sbin/debootstrap')) return 'debootstrap is missing';
  return debianMirror() === undefined ? 'apt names no Debian mirror here' : undefined;
}

/** The directory of a Debian trixie with `packages` in it; made when it is not there. Not to be written to. */
export async function trixieRoot(packages: readonly string[]): Promise<string> {
  const root = rootDirectory(packages);
  if (existsSync(root)) return root;
  mkdirSync(CACHE, { recursive: true });
  const made = mkdtempSync(join(CACHE, 'making-'));
  try {
    await execute(
      '/usr/sbin/debootstrap',
      ['--variant=minbase', 'trixie', made, debianMirror() as string],
      OUTPUT,
    );
    chmodSync(made, 0o755);
    // Nothing that is installed may start by itself.
    writeFileSync(join(made, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    await execute('unshare', ['--mount', 'sh', '-ec', INSTALL, 'sh', made, ...packages], OUTPUT);
    renameSync(made, root);
  } catch (error) {
    // Another run may have been faster.
    if (!existsSync(root)) throw error;
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return root;
}

const OUTPUT = { maxBuffer: 64 * 1024 * 1024 };

const INSTALL = `root=$1; shift
mount -t proc proc "$root/proc"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
chroot "$root" apt-get -qq update
chroot "$root" apt-get -qq -y --no-install-recommends install "$@" < /dev/null
chroot "$root" apt-get clean`;

function rootDirectory(packages: readonly string[]): string {
  const which = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 8);
  return join(CACHE, `trixie-${which}`);
}

/** Where apt takes this machine's Debian from: the first source with a suite of Debian's. */
function debianMirror(): string | undefined {
  const directory = '/etc/apt/sources.list.d';
  const extra = existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
  const codename = /^VERSION_CODENAME=(\S+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  for (const file of ['/etc/apt/sources.list', ...extra].filter(isReadable)) {
    const text = readFileSync(file, 'utf8');
    const old = new RegExp(`^deb\\s+(?:\\[[^\\]]*\\]\\s+)?(\\S+)\\s+${codename}\\s`, 'm').exec(text)?.[1];
    if (old !== undefined) return old;
    for (const paragraph of text.split(/\n\s*\n/)) {
      if (!new RegExp(`^Suites:.*\\b${codename}(\\s|$)`, 'm').test(paragraph)) continue;
      const found = /^URIs:\s*(\S+)/m.exec(paragraph)?.[1];
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

import { type BigIntStats, chmodSync, lstatSync } from 'node:fs';
import type { Node } from '../tree.ts';

/** The mode of a path with all of its bits, and whose it is. */
export interface Attributes {
  mode: number;
  uid: number;
  gid: number;
}

/**
 * What a stage's files on disk cannot say of themselves, since we need not be root, and have to read and change what we
 * own: whose they are, modes that would keep us out, and set-user-id bits. It goes with a file to another name, and
 * ends with it.
 */
export class DiskAttributes {
  readonly #known = new Map<string, Attributes>();

  /** Of a path on disk: what was set, as far as the mode on disk has not been changed since, else what is on disk. */
  get(path: string): Attributes {
    return this.of(lstatSync(path, { bigint: true }));
  }

  /** The same, of what was looked at already. */
  of(stat: BigIntStats): Attributes {
    const mode = Number(stat.mode & 0o7777n);
    const known = this.#known.get(identityOf(stat));
    if (known === undefined) return { mode, uid: 0, gid: 0 };
    const { uid, gid } = known;
    if (stat.isSymbolicLink()) return { mode, uid, gid };
    const type = stat.isDirectory() ? 'directory' : 'file';
    return onDiskMode({ type, mode: known.mode }) === mode ? known : { mode, uid, gid };
  }

  set(path: string, { mode, uid, gid }: Attributes): void {
    const found = lstatSync(path);
    if (!found.isSymbolicLink())
      chmodSync(path, onDiskMode({ type: found.isDirectory() ? 'directory' : 'file', mode }));
    this.#known.set(identityOf(lstatSync(path, { bigint: true })), { mode, uid, gid });
  }
}

/** The mode that a file or directory has on disk, whatever it has in the image. */
export function onDiskMode({ type, mode }: Pick<Node, 'type' | 'mode'>): number {
  return (mode & 0o777) | (type === 'directory' ? 0o700 : 0o600);
}

// An inode's number may be another file's right after it is gone.
function identityOf({ ino, birthtimeNs }: { ino: bigint; birthtimeNs: bigint }): string {
  return `${ino} ${birthtimeNs}`;
}

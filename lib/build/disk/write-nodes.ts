import { execFile } from 'node:child_process';
import { existsSync, linkSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { tarBytes } from '../../image/tar.ts';
import { type Able, namespaceFlags } from '../../sandbox/ability.ts';
import { writeCapabilities } from '../../sandbox/capabilities.ts';
import type { Node } from '../tree.ts';

type As = Able['as'];

/** Makes the named pipes and devices among these nodes. An ordinary user can make no devices: those stay away. */
export async function writeSpecials(
  top: string,
  nodes: Iterable<readonly [string, Node]>,
  as: As,
): Promise<void> {
  for (const [path, { special }] of nodes) {
    if (special === undefined || (special.kind !== 'fifo' && as === 'user')) continue;
    const kind = { fifo: ['p'], character: ['c'], block: ['b'] }[special.kind];
    const numbers = special.kind === 'fifo' ? [] : [String(special.major), String(special.minor)];
    rmSync(`${top}/${path}`, { recursive: true, force: true });
    await promisify(execFile)('mknod', [`${top}/${path}`, ...(kind as string[]), ...numbers]);
  }
}

/** Gives files their capabilities, after their owners: those take them away. */
export async function writeNodeCapabilities(
  top: string,
  nodes: Iterable<readonly [string, Node]>,
  as: As,
): Promise<void> {
  const capabilities = new Map<string, string>();
  for (const [path, { capability }] of nodes)
    if (capability !== undefined) capabilities.set(path, capability);
  await writeCapabilities({ as }, top, capabilities, archiveOf);
}

async function archiveOf(capabilities: ReadonlyMap<string, string>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const entries = [...capabilities].map(([path, capability]) => ({
    path,
    type: 'file' as const,
    mode: 0o600,
    uid: 0,
    gid: 0,
    mtime: 0,
    xattrs: { 'security.capability': Buffer.from(capability, 'base64') },
  }));
  for await (const chunk of tarBytes(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Marks paths of the upper directory of an overlay as gone, whatever the lower ones hold there: character devices 0:0
 * (Linux, filesystems/overlayfs.rst). One is made, the others are further names of it; an ordinary user may make it in
 * a user namespace.
 */
export async function writeWhiteouts(upper: string, scratch: string, paths: string[], as: As): Promise<void> {
  if (paths.length === 0) return;
  const device = `${scratch}/whiteout`;
  const enter = as === 'user' ? ['unshare', ...namespaceFlags('user')] : [];
  const [file = 'mknod', ...args] = [...enter, 'mknod', device, 'c', '0', '0'];
  if (!existsSync(device)) await promisify(execFile)(file, args);
  for (const path of paths) {
    rmSync(`${upper}/${path}`, { recursive: true, force: true });
    linkSync(device, `${upper}/${path}`);
  }
}

/** Writes a file of which another name may have been written before; `written` remembers them. */
export function writeLinked(top: string, path: string, node: Node, written: Map<string, string>): boolean {
  if (node.hardlink === undefined || node.sha === undefined) return false;
  const key = [node.hardlink, node.sha, node.mode, node.uid, node.gid].join(' ');
  const first = written.get(key);
  if (first === undefined) {
    written.set(key, path);
    return false;
  }
  linkSync(`${top}/${first}`, `${top}/${path}`);
  return true;
}

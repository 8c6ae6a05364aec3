import { newDirectory, Tree } from '../tree.ts';

// Directories of the golang image (Debian's and Alpine's): enough to know where a COPY goes, and nothing to download.
const DIRECTORIES =
  'dev etc etc/ssl home media mnt opt proc root run srv sys tmp usr usr/bin usr/lib usr/local usr/local/bin ' +
  'usr/local/etc usr/local/go usr/local/lib usr/local/sbin usr/local/share usr/sbin usr/share usr/src var var/cache ' +
  'var/lib var/log var/tmp';

// Debian has them as symlinks into /usr, Alpine as directories.
const EITHER = ['bin', 'lib', 'sbin'];

// docker-library/golang, Dockerfile-linux.template: /go, /go/src and /go/bin are made with mode 1777.
const GO_DIRECTORIES = ['go', 'go/bin', 'go/src'];
const OPEN_TO_ALL = ['tmp', 'var/tmp'];

/** What a stage on top of the golang image begins with, when its layers are left where they are. */
export function golangSkeleton(): Tree {
  const tree = new Tree();
  const root = { uid: 0, gid: 0 };
  tree.set('', { ...newDirectory(0), assumed: 'directory' });
  for (const path of GO_DIRECTORIES) tree.set(path, newDirectory(0, root, 0o1777));
  for (const path of EITHER) tree.set(path, { ...newDirectory(0), assumed: 'something' });
  for (const path of DIRECTORIES.split(' ')) {
    const mode = OPEN_TO_ALL.includes(path) ? 0o1777 : path === 'root' ? 0o700 : 0o755;
    tree.set(path, { ...newDirectory(0, root, mode), assumed: 'directory' });
  }
  return tree;
}

// Those with nothing in them, in both; and what else is at the top of Debian's.
const EMPTY = ['tmp', 'var/tmp', 'opt', 'srv', 'mnt', 'home', 'usr/src', 'usr/local/bin'];
const OF_DEBIAN = ['boot', 'lib32', 'lib64', 'libx32'];
const OF_ROOT = ['.bashrc', '.profile', '.wget-hsts'];

/** Whether the golang image is known not to have a path, which is absolute. */
export function isAbsentInGolang(path: string): boolean {
  const names = path.slice(1).split('/');
  const [top = '', second = ''] = names;
  if (EMPTY.some((directory) => path.startsWith(`/${directory}/`))) return true;
  if (top === 'root') return second !== '' && !OF_ROOT.includes(second);
  const tops = [...DIRECTORIES.split(' '), ...EITHER, ...GO_DIRECTORIES, ...OF_DEBIAN];
  return !tops.includes(top);
}

import { overlayOptions } from './ability.ts';
import type { SandboxRun } from './run.ts';

/** What docker leaves to the root of a container (moby, oci/caps/defaults.go). */
const CAPABILITIES =
  'chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write setfcap';

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

/**
 * The shell script that makes the root and starts the command in it. Two shells, since the mounts of the second, in
 * the command's own namespaces, are gone with it, and the first then tells what the merged directories hold.
 */
export function sandboxScript(run: SandboxRun): string {
  return [
    'set -e',
    ...mountRoot(run),
    'stubs=',
    STUB,
    ...['d proc', 'd sys', 'd dev'].map((stub) => `stub ${stub}`),
    ...run.binds.map(({ kind, target }) => `stub ${kind === 'directory' ? 'd' : 'f'} ${quote(target)}`),
    'code=0',
    `unshare --pid --mount --fork --kill-child=SIGKILL sh -c ${quote(innerScript(run))} || code=$?`,
    'unstub',
    ...list(run),
    'exit $code',
  ].join('\n');
}

// What of /proc is the machine's, and not the command's (moby, oci/defaults.go): to be read only, or not at all.
const PROTECT_PROC = [
  'for p in bus fs irq sys sysrq-trigger; do',
  '  if [ -e proc/$p ]; then mount --bind proc/$p proc/$p; mount -o remount,bind,ro proc/$p; fi',
  'done',
  'for p in kcore keys latency_stats timer_list timer_stats sched_debug; do',
  '  if [ -e proc/$p ]; then mount --bind /dev/null proc/$p; fi',
  'done',
];

// What a mount needs to be there is taken away again, if it was not there and nothing was put into it.
const STUB = `stub() {
  case $2 in */*) stub d "\${2%/*}" ;; esac
  if [ -e "$2" ] || [ -L "$2" ]; then return 0; fi
  if [ "$1" = d ]; then mkdir "$2"; else : > "$2"; fi
  stubs="$2
$stubs"
}
unstub() {
  printf '%s' "$stubs" | while IFS= read -r name; do
    if [ -d "$name" ]; then rmdir "$name" 2>/dev/null || :; elif [ ! -s "$name" ]; then rm -f "$name"; fi
  done
}`;

function mountRoot({ root, ability }: SandboxRun): string[] {
  // No device of this machine may be opened, whatever the layers or the command make.
  if (root.kind === 'directory') {
    const path = quote(root.path);
    const noDevices = ability.as === 'root' ? [`mount -o remount,bind,nodev ${path}`] : [];
    return [`mount --bind ${path} ${path}`, ...noDevices, `cd ${path}`];
  }
  const parent = root.upper.slice(0, -'upper'.length);
  const options = overlayOptions(ability.as, parent, root.lowers);
  return [
    `mount -t overlay overlay -o ${quote(`nodev,${options}`)} ${quote(root.mountPoint)}`,
    `cd ${quote(root.mountPoint)}`,
  ];
}

function list({ root }: SandboxRun): string[] {
  if (root.kind === 'directory') return [];
  const each = `exec find "$@" -mindepth 1 -maxdepth 1 -print0`;
  return [
    `(cd ${quote(root.upper)} && find . -type d -print0) | xargs -0 -r sh -c ${quote(each)} sh > ${quote(root.listing)}`,
  ];
}

function innerScript({ binds, workdir, user, env, argv, ability }: SandboxRun): string {
  const mounts = binds.flatMap(({ source, target, readOnly }) => [
    `mount --bind ${quote(source)} ${quote(target)}`,
    // A user namespace has no devices, and may not drop the flags that a remount would have to repeat.
    ...(ability.as === 'root'
      ? [`mount -o remount,bind,nodev${readOnly ? ',ro' : ''} ${quote(target)}`]
      : []),
  ]);
  const variables = [...env].map(([name, value]) => quote(`${name}=${value}`));
  const bounding = ['-all', ...CAPABILITIES.split(' ').map((name) => `+${name}`)].join(',');
  // In a user namespace with one user in it there is nobody else to become.
  const become = ability.as === 'root' ? [`--setgid=${user.gid}`, `--setuid=${user.uid}`] : [];
  return [
    'set -e',
    'mount -t proc proc proc',
    ...(ability.as === 'root' ? PROTECT_PROC : []),
    'mount -t sysfs -o ro sysfs sys 2>/dev/null || :',
    'mount -t tmpfs -o mode=755,size=64k tmpfs dev',
    ...DEVICES.map((name) => `: > dev/${name}; mount --bind /dev/${name} dev/${name}`),
    'mkdir dev/pts dev/shm',
    'mount -t tmpfs -o mode=1777,size=64m tmpfs dev/shm',
    'ln -s /proc/self/fd dev/fd',
    ...['stdin', 'stdout', 'stderr'].map((name, n) => `ln -s /proc/self/fd/${n} dev/${name}`),
    ...mounts,
    // The root takes the place of this machine's, as switch_root(8) does; without sys_admin nothing brings that back.
    'mount -n --move . /',
    [
      `exec setpriv --bounding-set ${bounding} --inh-caps=-all env -i ${variables.join(' ')}`,
      `"$(command -v unshare)" --root=. --wd=${quote(workdir)} ${become.join(' ')}`,
      argv.map(quote).join(' '),
    ].join(' '),
  ].join('\n');
}

/** A word for the shell that stays as it is. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

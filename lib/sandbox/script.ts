import { overlayOptions } from './ability.ts';
import { isFile, stagingScript } from './mount-script.ts';
import { quote } from './quote.ts';
import type { Prepared, SandboxRun } from './run.ts';

/** What docker leaves to the root of a container (moby, oci/caps/defaults.go). */
const CAPABILITIES =
  'chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write setfcap';

/** As in BuildKit (util/network, executor/oci/hosts.go). */
export const HOST_NAME = 'buildkitsandbox';

/** Names and numbers (Linux, admin-guide/devices.txt). */
const DEVICES = { null: '1 3', zero: '1 5', full: '1 7', random: '1 8', urandom: '1 9', tty: '5 0' };

/**
 * The shell script that makes the root and starts the command in it, and what it reads from descriptor 4. Two shells,
 * since the mounts of the second, in the command's own namespaces, are gone with it, and the first then tells what the
 * merged directories hold.
 */
export function sandboxScript(run: SandboxRun, prepared: Prepared): { script: string; input: Buffer } {
  const stubs = run.mounts.filter(({ target }) => !isBelow(target, ['dev', 'proc', 'sys']));
  const inner = innerScript(run);
  const network = networkOf(run, prepared);
  const script = [
    'set -e',
    `hostname ${HOST_NAME} 2>/dev/null || :`,
    // Namespaces of its own would give the command capabilities again, over its own mounts; root's cannot be counted so.
    ...(run.ability.as === 'user' ? ['echo 0 > /proc/sys/user/max_user_namespaces 2>/dev/null || :'] : []),
    ...(prepared.group?.joins ?? []).map((file) => `echo $$ > ${quote(file)}`),
    ...network.setUp,
    ...mountRoot(run),
    'stubs=',
    STUB,
    ...['d proc', 'd sys', 'd dev'].map((stub) => `stub ${stub}`),
    ...stubs.map(({ kind, target }) => `stub ${isFile(kind) ? 'f' : 'd'} ${quote(target)}`),
    'code=0',
    `${network.enter}unshare --pid --mount --fork --kill-child=SIGKILL sh -c ${quote(inner.script)} || code=$?`,
    'exec 4<&-',
    'unstub',
    ...list(run),
    ...listCapabilities(run),
    'exit $code',
  ].join('\n');
  return { script, input: inner.input };
}

// What a mount needs to be there is taken away again, if it was not there and nothing was put into it
// (BuildKit, executor/stubs.go). These shells still have this machine's root: a link on the way, which the command may
// have made meanwhile, would lead to what is not the stage's.
const STUB = `plain() {
  case $1 in */*) ! [ -L "\${1%/*}" ] && plain "\${1%/*}" ;; esac
}
stub() {
  case $2 in */*) stub d "\${2%/*}" ;; esac
  if ! plain "$2"; then echo "the way to /$2 leads through a symlink" >&2; exit 125; fi
  if [ -e "$2" ] || [ -L "$2" ]; then return 0; fi
  if [ "$1" = d ]; then mkdir "$2"; else : > "$2"; fi
  stubs="$2
$stubs"
}
unstub() {
  printf '%s' "$stubs" | while IFS= read -r name; do
    # A name with a line break in it would go on with a path of this machine.
    name=./$name
    if ! plain "$name" || [ -L "$name" ]; then continue; fi
    if [ -d "$name" ]; then rmdir "$name" 2>/dev/null || :; elif [ -f "$name" ] && [ ! -s "$name" ]; then rm -f "$name"; fi
  done
}`;

// A namespace that a file in a temporary file system of ours holds, and so ends with our mounts.
function networkOf({ staging, network }: SandboxRun, prepared: Prepared): { setUp: string[]; enter: string } {
  const own = prepared.network;
  if (own === undefined && network !== 'none') return { setUp: [], enter: '' };
  if (own === undefined)
    return { setUp: [], enter: `unshare --net sh -c ${quote(`${LOOPBACK}exec "$@"`)} sh ` };
  const { peer, address, gateway, prohibited, allowed } = own;
  const file = `${staging}/net`;
  const commands = [
    'link set lo up',
    `addr add ${address}/30 dev eth0`,
    'link set eth0 up',
    `route add default via ${gateway}`,
    ...prohibited.map((network) => `route add prohibit ${network}`),
    ...allowed.map((network) => `route add ${network} via ${gateway}`),
  ];
  const inside = `echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6 2>/dev/null || :
printf '%s\\n' ${commands.map(quote).join(' ')} | ip -batch -`;
  return {
    setUp: [
      `mount -t tmpfs -o mode=700,size=64k tmpfs ${quote(staging)}`,
      `: > ${quote(file)}`,
      `unshare --net=${quote(file)} true`,
      `ip link set ${peer} name eth0 netns ${quote(file)}`,
      `nsenter --net=${quote(file)} sh -c ${quote(inside)}`,
    ],
    enter: `nsenter --net=${quote(file)} `,
  };
}

const LOOPBACK = 'ip link set lo up 2>/dev/null || :; ';

function mountRoot({ root, ability, insecure }: SandboxRun): string[] {
  // No device of this machine may be opened, whatever the layers or the command make.
  const nodev = insecure === true ? 'dev' : 'nodev';
  if (root.kind === 'directory') {
    const path = quote(root.path);
    const noDevices = ability.as === 'root' ? [`mount -o remount,bind,${nodev} ${path}`] : [];
    return [`mount --bind ${path} ${path}`, ...noDevices, `cd ${path}`];
  }
  const options = overlayOptions(ability, '', root.lowers);
  return [
    // From there, since the options of a mount are a page at most, and a stage may have many lower directories.
    `cd ${quote(root.directory)}`,
    `mount -t overlay overlay -o ${quote(`${nodev},${options}`)} merged`,
    'cd merged',
  ];
}

function list({ root }: SandboxRun): string[] {
  if (root.kind === 'directory') return [];
  const each = `exec find "$@" -mindepth 1 -maxdepth 1 -print0`;
  return [
    `(cd ${quote(`${root.directory}/upper`)} && find . -type d -print0) | xargs -0 -r sh -c ${quote(each)} sh > ${quote(root.listing)}`,
  ];
}

// Node.js reads no extended attributes: cp(1) takes them to empty files, and tar(1) writes those down.
function listCapabilities({ root }: SandboxRun): string[] {
  const top = root.kind === 'directory' ? root.path : `${root.directory}/upper`;
  const copies = `${root.capabilities}.d`;
  const copy = `cp --attributes-only --preserve=xattr --parents -t ${quote(copies)}`;
  return [
    `mkdir ${quote(copies)}`,
    `(cd ${quote(top)} && find . -xdev -type f -perm /111 -print0 | xargs -0 -r ${copy}) 2>/dev/null || :`,
    `tar -C ${quote(copies)} --xattrs --xattrs-include=security.capability -cf ${quote(root.capabilities)} . 2>/dev/null || :`,
    `rm -rf ${quote(copies)}`,
  ];
}

// What of /proc and /sys is the machine's, and not the command's (moby, oci/defaults.go): read only, or not at all.
const PROTECT = [
  'for p in bus fs irq sys sysrq-trigger; do',
  '  if [ -e proc/$p ]; then mount --bind proc/$p proc/$p; mount -o remount,bind,ro proc/$p; fi',
  'done',
  'for p in kcore keys latency_stats timer_list timer_stats sched_debug interrupts; do',
  '  if [ -e proc/$p ]; then mount --bind dev/null proc/$p; fi',
  'done',
  'for p in proc/acpi proc/asound proc/scsi sys/firmware sys/devices/virtual/powercap; do',
  '  if [ -d $p ]; then mount -t tmpfs -o ro,nodev,size=4k tmpfs $p; fi',
  'done',
];

function innerScript(run: SandboxRun): { script: string; input: Buffer } {
  const { workdir, user, env, argv, ability, insecure } = run;
  const isRoot = ability.as === 'root';
  const staged = stagingScript(run);
  const variables = [...env].map(([name, value]) => quote(`${name}=${value}`));
  const bounding = ['-all', ...CAPABILITIES.split(' ').map((name) => `+${name}`)].join(',');
  // In a user namespace with one user in it there is nobody else to become.
  const become = isRoot ? `--setuid=${user.uid} ` : '';
  const groups = user.groups.length === 0 ? '--clear-groups' : `--groups=${user.groups.join(',')}`;
  const less = [
    // Here and not below, where unshare(1) would drop the further groups.
    ...(isRoot ? [`--regid=${user.gid} ${groups}`] : []),
    ...(insecure === true ? [] : [`--bounding-set ${bounding} --inh-caps=-all`]),
  ];
  const setpriv = less.length === 0 ? '' : `setpriv ${less.join(' ')} `;
  const script = [
    'set -e',
    'top=$PWD',
    'for p in proc sys dev; do if [ -L $p ]; then echo "/$p is a symlink in this image" >&2; exit 125; fi; done',
    'mount -t proc proc proc',
    'mount -t sysfs -o ro sysfs sys 2>/dev/null || :',
    ...makeDev(isRoot, insecure === true),
    ...(isRoot && insecure !== true ? PROTECT : []),
    ...staged.script,
    // The root takes the place of this machine's, as switch_root(8) does; without sys_admin nothing brings that back.
    'cd "$top"',
    'mount -n --move . /',
    [
      `exec ${setpriv}env -i ${[...variables, ...staged.variables].join(' ')}`,
      `"$(command -v unshare)" --root=. --wd=${quote(workdir)} ${become}`,
      argv.map(quote).join(' '),
      '4<&-',
    ].join(' '),
  ].join('\n');
  return { script, input: staged.input };
}

// Without `nodev` the command could make there the device of this machine's disk, and open it. Root's devices are made
// anew, on a file system that is not seen but for them: those of this machine would be another's when root changes
// their owners or modes.
function makeDev(isRoot: boolean, insecure: boolean): string[] {
  const nodev = insecure ? 'dev' : 'nodev';
  const bound = Object.entries(DEVICES).map(([name, numbers]) => {
    const own = `dev/shm/${name}`;
    const bind = `: > dev/${name}; mount --bind`;
    if (!isRoot) return `${bind} /dev/${name} dev/${name}`;
    return `mknod ${own} c ${numbers}; chmod 666 ${own}; ${bind} ${own} dev/${name}`;
  });
  return [
    `mount -t tmpfs -o mode=755,size=64k,nosuid,${nodev} tmpfs dev`,
    'mkdir dev/pts dev/shm dev/mqueue',
    ...(isRoot ? ['mount -t tmpfs -o mode=700,size=64k,nosuid,dev tmpfs dev/shm'] : []),
    ...bound,
    ...(isRoot ? ['umount dev/shm'] : []),
    `mount -t tmpfs -o mode=1777,size=64m,nosuid,${nodev} tmpfs dev/shm`,
    'mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts 2>/dev/null || :',
    'mount -t mqueue mqueue dev/mqueue 2>/dev/null || :',
    'ln -s pts/ptmx dev/ptmx',
    'ln -s /proc/self/fd dev/fd',
    ...['stdin', 'stdout', 'stderr'].map((name, n) => `ln -s /proc/self/fd/${n} dev/${name}`),
  ];
}

/** Whether a path is one of these, or below one. */
export function isBelow(path: string, directories: readonly string[]): boolean {
  return directories.some((directory) => path === directory || path.startsWith(`${directory}/`));
}

import { overlayOptions } from './ability.ts';
import { makeDev, PROTECT } from './dev-script.ts';
import { isFile, stagingScript } from './mount-script.ts';
import { quote } from './quote.ts';
import type { Prepared, SandboxRun } from './run.ts';

/** What docker leaves to the root of a container (moby, oci/caps/defaults.go). */
const CAPABILITIES =
  'chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write setfcap';

/** As in BuildKit (util/network, executor/oci/hosts.go). */
export const HOST_NAME = 'buildkitsandbox';

/**
 * A shell script, and what it reads from descriptor 4: as an argument it could not be longer than a page of text times
 * 32 (execve(2)), and everybody on the machine could read it.
 */
interface Script {
  script: string;
  input: Buffer;
}

/** What sh(1) is to be told for a script that is the next thing to be read from descriptor 4. */
function fromInput({ script, input }: Script): Script {
  const text = Buffer.from(script);
  return { script: `eval "$(head -c ${text.length} <&4)"`, input: Buffer.concat([text, input]) };
}

/**
 * The shell script that makes the root and starts the command in it, and what it reads from descriptor 4. Two shells,
 * since the mounts of the second, in the command's own namespaces, are gone with it, and the first then tells what the
 * merged directories hold.
 */
export function sandboxScript(run: SandboxRun, prepared: Prepared): Script {
  const stubs = run.mounts.filter(({ target }) => !isBelow(target, ['dev', 'proc', 'sys']));
  const inner = fromInput(innerScript(run));
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
    ...makeWorkdir(run),
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
  return fromInput({ script, input: inner.input });
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

// A directory that an image or an earlier RUN does not have is made, and belongs to who runs (BuildKit,
// executor/runcexecutor).
function makeWorkdir({ workdirInRoot, user, ability }: SandboxRun): string[] {
  if (workdirInRoot === '' || isBelow(workdirInRoot, ['dev', 'proc', 'sys'])) return [];
  const own = ability.as === 'root' ? `; chown ${user.uid}:${user.gid} "$1"` : '';
  return [
    `made() {
  case $1 in */*) made "\${1%/*}" ;; esac
  if ! plain "$1"; then echo "the way to /$1 leads through a symlink" >&2; exit 125; fi
  if ! [ -e "$1" ] && ! [ -L "$1" ]; then mkdir "$1"${own}; fi
}`,
    `made ${quote(workdirInRoot)}`,
  ];
}

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

// Files that may have them: of those that are no programs (yet) only getcap(8) can tell, as copying each takes too long.
const CAPABLE =
  'find . -xdev -type f -perm /111 -print0; if command -v getcap > /dev/null; then ' +
  "getcap -r . 2> /dev/null | sed 's/ [^ ]*$//; s/ =$//' | tr '\\n' '\\0'; fi";

const UNREAD =
  "echo 'what programs may do by themselves (security.capability) was not read, and is lost' >&2";

// Node.js reads no extended attributes: cp(1) takes them to empty files, and tar(1) writes those down.
function listCapabilities({ root }: SandboxRun): string[] {
  const top = root.kind === 'directory' ? root.path : `${root.directory}/upper`;
  const copies = `${root.capabilities}.d`;
  const copy = `cp --attributes-only --preserve=xattr --parents -t ${quote(copies)}`;
  return [
    `mkdir ${quote(copies)}`,
    `(cd ${quote(top)} && { ${CAPABLE}; } | sort -zu | xargs -0 -r ${copy}) || ${UNREAD}`,
    `tar -C ${quote(copies)} --xattrs --xattrs-include=security.capability -cf ${quote(root.capabilities)} . || ${UNREAD}`,
    `rm -rf ${quote(copies)}`,
  ];
}

/** What shells set by themselves. */
const SHELL_OWN = ['PATH', 'PWD', 'OLDPWD', 'SHLVL', '_'];

/**
 * What a program is made to load (ld.so(8), "secure-execution mode"). Before the root changes, that would be this
 * machine's files: so the command's own env(1) sets these.
 */
const LOADER = /^(LD_.*|GCONV_PATH|GLIBC_TUNABLES|LOCPATH|MALLOC_TRACE|NLSPATH)$/;

const NO_ENV =
  "echo 'there is no /usr/bin/env in this image, and variables such as LD_PRELOAD need it' >&2; exit 125";

function assignment([name, value]: readonly [string, string]): string {
  return quote(`${name}=${value}`);
}

function innerScript(run: SandboxRun): Script {
  const { workdir, user, env, argv, ability, insecure } = run;
  const isRoot = ability.as === 'root';
  const staged = stagingScript(run);
  const isSecret = (name: string) => run.secretEnv?.has(name) === true;
  const variables = [...env].filter(([name]) => !isSecret(name));
  const plain = variables.filter(([name]) => !LOADER.test(name)).map(assignment);
  const loader = variables.filter(([name]) => LOADER.test(name)).map(assignment);
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
    ...(loader.length > 0 && run.envProgram === undefined ? [NO_ENV] : []),
    'unshare=$(command -v unshare)',
    ...staged.exports,
    [
      `exec ${setpriv}env ${SHELL_OWN.map((name) => `-u ${name}`).join(' ')} ${plain.join(' ')}`,
      `"$unshare" --root=. --wd=${quote(workdir)} ${become}`,
      ...(loader.length === 0 ? [] : [quote(`/${run.envProgram}`), ...loader]),
      argv.map(quote).join(' '),
      '4<&-',
    ].join(' '),
  ].join('\n');
  return { script, input: staged.input };
}

/** Whether a path is one of these, or below one. */
export function isBelow(path: string, directories: readonly string[]): boolean {
  return directories.some((directory) => path === directory || path.startsWith(`${directory}/`));
}

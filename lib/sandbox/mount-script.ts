import { type Able, overlayOptions } from './ability.ts';
import { quote } from './quote.ts';
import type { Mount, SandboxRun } from './run.ts';

/** The part of a script that mounts, and what it reads from descriptor 4, in that order. */
interface MountScript {
  script: string[];
  /** Lines that export the variables whose values were read from descriptor 4: in an argument everybody could read them. */
  exports: string[];
  input: Buffer;
}

/**
 * The lines that mount what a command sees besides its root, each first got ready in `staging`, a file system in memory
 * that only these namespaces have: there secrets are written, and there a mount gets its flags. The way to a target is
 * gone name by name, and none of them may be a link: within a cache others could put one there meanwhile.
 */
export function stagingScript({ mounts, staging, ability, secretEnv, insecure }: SandboxRun): MountScript {
  const input: Buffer[] = [];
  const read = (data: Buffer, file: string) => {
    input.push(data);
    return `head -c ${data.length} <&4 > ${file}`;
  };
  const isNoDev = ability.as === 'root' && insecure !== true;
  const script = mounts.flatMap((mount, index) => {
    const slot = quote(`${staging}/${index}`);
    return [...prepare(mount, slot, read, { ...ability, isNoDev }), ...attach(mount, slot)];
  });
  const exports = [...(secretEnv ?? [])].map(([name, value], index) => {
    const file = quote(`${staging}/env-${index}`);
    // The x keeps line breaks at the end, which a command substitution takes away.
    script.push(read(value, file), `secret_${index}=$(cat ${file}; printf x)`, `rm ${file}`);
    return `export ${name}="\${secret_${index}%x}"`;
  });
  const isNeeded = script.length > 0;
  const begin = isNeeded ? [`mount -t tmpfs -o mode=700 tmpfs ${quote(staging)}`, ENTER] : [];
  return { script: [...begin, ...script], exports, input: Buffer.concat(input) };
}

// Directories that are missing are made, as runc does. After `cd -P`, $PWD has no links in it.
const ENTER = `enter() {
  cd "$top"
  rest=$1
  while [ -n "$rest" ]; do
    name=\${rest%%/*}
    case $rest in */*) rest=\${rest#*/} ;; *) rest= ;; esac
    if ! [ -e "$name" ] && ! [ -L "$name" ]; then mkdir "$name"; fi
    before=\${PWD%/}
    cd -P "./$name"
    if [ "$PWD" != "$before/$name" ]; then echo "the mount target /$1 leads through a symlink" >&2; exit 125; fi
  done
}`;

/** Whether a mount of this kind is a file. */
export function isFile(kind: Mount['kind']): boolean {
  return kind === 'file' || kind === 'data';
}

function prepare(
  mount: Mount,
  slot: string,
  read: (data: Buffer, file: string) => string,
  ability: Pick<Able, 'as' | 'overlay'> & { isNoDev: boolean },
): string[] {
  const nodev = ability.isNoDev ? ',nodev' : '';
  // A user namespace has no devices, and may not drop the flags that a remount would have to repeat.
  const remount = (readOnly: boolean) =>
    ability.as === 'root'
      ? [`mount -o remount,bind${nodev}${readOnly ? ',ro' : ''} ${slot}`]
      : readOnlyOf(readOnly, slot);
  switch (mount.kind) {
    case 'file':
    case 'directory': {
      const make = mount.kind === 'file' ? `: > ${slot}` : `mkdir ${slot}`;
      return [make, `mount --bind ${quote(mount.source)} ${slot}`, ...remount(mount.readOnly)];
    }
    case 'discarded': {
      const directory = `${mount.scratch}/`;
      const options = overlayOptions(ability, directory, [mount.source]);
      return [`mkdir ${slot}`, `mount -t overlay overlay -o ${quote(`${options}${nodev}`)} ${slot}`];
    }
    case 'tmpfs': {
      const size = mount.size === undefined ? '' : `,size=${mount.size}`;
      return [`mkdir ${slot}`, `mount -t tmpfs -o ${quote(`mode=1777${nodev}${size}`)} tmpfs ${slot}`];
    }
    case 'data': {
      const owner = ability.as === 'root' ? [`chown ${mount.uid}:${mount.gid} ${slot}`] : [];
      return [read(mount.data, slot), ...owner, `chmod ${mount.mode.toString(8)} ${slot}`];
    }
  }
}

// Flags that the mount has already are locked in a user namespace: it has to be told with them.
function readOnlyOf(readOnly: boolean, slot: string): string[] {
  if (!readOnly) return [];
  const known = `$(findmnt -n -o OPTIONS --target ${slot} | tr , '\\n' | grep -E '^(nodev|nosuid|noexec|noatime|relatime)$' | tr '\\n' ,)`;
  const refusal = 'what is mounted read-only cannot be protected here';
  return [`mount -o "remount,bind,ro,${known}" ${slot} || { echo '${refusal}' >&2; exit 125; }`];
}

function attach(mount: Mount, slot: string): string[] {
  const { kind, target } = mount;
  if (!isFile(kind)) return [`enter ${quote(target)}`, `mount -c --bind ${slot} .`];
  const slash = target.lastIndexOf('/');
  const leaf = quote(`./${target.slice(slash + 1)}`);
  const make = `if [ -L ${leaf} ]; then echo ${quote(`/${target} is a symlink`)} >&2; exit 125; elif ! [ -e ${leaf} ]; then : > ${leaf}; fi`;
  return [`enter ${quote(target.slice(0, Math.max(slash, 0)))}`, make, `mount -c --bind ${slot} ${leaf}`];
}

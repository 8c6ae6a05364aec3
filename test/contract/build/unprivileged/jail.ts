import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

const CHECKOUT = join(import.meta.dirname, '../../../..');

// As real root: every file system is made read only, and /tmp is a new one with the checkout and the context in it.
const OUTER = `checkout=$1 context=$2 inner=$3
shift 3
mount -t tmpfs -o mode=1777 tmpfs /mnt
mkdir /mnt/checkout
cp -a "$context" /mnt/context
mount --bind "$checkout" /mnt/checkout
mount --move /mnt /tmp
cut -d ' ' -f 2 /proc/self/mounts | grep -Ev '^/(tmp|proc|dev)(/|$)' | while read -r path; do
  mount -o remount,bind,ro "$path" || exit 1
done
mount -o remount,bind,ro /tmp/checkout
unshare --user sh -c 'until grep -q . /proc/self/gid_map; do sleep 0.01; done; exec sh -ec "$@"' sh "$inner" sh "$@" &
until [ "$(readlink /proc/$!/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.01; done
echo '0 0 65536' > /proc/$!/uid_map
echo '0 0 65536' > /proc/$!/gid_map
wait $!`;

// As root of a user namespace, whose own limit of further ones is then none: an ordinary user without any capability.
const INNER = `echo 0 > /proc/sys/user/max_user_namespaces
cd /tmp
exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs \\
  --bounding-set=-all --inh-caps=-all --ambient-caps=-all \\
  env -i HOME=/tmp TMPDIR=/tmp PATH=/usr/local/bin:/usr/bin:/bin "$@"`;

/** Where the jail has the checkout and the copy of the context; nothing but /tmp can be written to. */
export const IN_JAIL = { checkout: '/tmp/checkout', context: '/tmp/context' };

/**
 * Runs a command as Lambda runs a function: an ordinary user without capabilities, no new privileges, no user
 * namespaces, everything read only but /tmp. Answers what it printed; rejects when it fails.
 */
export function inJail(
  context: string,
  argv: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  const args = [
    '--mount',
    '--propagation=private',
    'sh',
    '-ec',
    OUTER,
    'sh',
    CHECKOUT,
    context,
    INNER,
    ...argv,
  ];
  return execute('unshare', args, { maxBuffer: 64 * 1024 * 1024 });
}

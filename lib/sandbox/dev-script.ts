/** Names and numbers (Linux, admin-guide/devices.txt). */
const DEVICES = { null: '1 3', zero: '1 5', full: '1 7', random: '1 8', urandom: '1 9', tty: '5 0' };

/** What of /proc and /sys is the machine's, and not the command's (moby, oci/defaults.go): read only, or not at all. */
export const PROTECT = [
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

/**
 * The lines that fill /dev. Without `nodev` the command could make there the device of this machine's disk, and open it.
 * Root's devices are made anew, on a file system that is not seen but for them: those of this machine would be another's
 * when root changes their owners or modes.
 */
export function makeDev(isRoot: boolean, insecure: boolean): string[] {
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

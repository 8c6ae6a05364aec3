import { spawn } from 'node:child_process';

/** How a VM's process is kept apart: in PID and mount namespaces, as root or, in a user namespace, as this user. */
export type Isolation = { able: true; flags: string[] } | { able: false; why: string };

const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Tries it out, with namespaces inside of it as a builder makes them. */
export async function probeIsolation(uid = process.getuid?.()): Promise<Isolation> {
  const flags = uid === 0 ? NAMESPACES : ['--user', '--map-current-user', ...NAMESPACES];
  const inner = uid === 0 ? [] : ['--user', '--map-root-user'];
  const trial = ['unshare', ...inner, '--mount', '--pid', '--fork', 'sh', '-c', 'mount -t proc proc /proc'];
  const { code, said } = await run([...flags, ...trial]);
  return code === 0 ? { able: true, flags } : { able: false, why: said || 'namespaces are not allowed here' };
}

/** Whether what runs in a VM can be given a network of its own: by root, with the programs that the VM's image has. */
export async function canMakeNetworks(uid = process.getuid?.()): Promise<boolean> {
  if (uid !== 0) return false;
  // In a network namespace that goes with it: nothing is left, and nothing of this machine is touched.
  const trial = 'ip link add fl0 type veth peer name fl1 && iptables-save > /dev/null';
  return (await run(['--net', 'sh', '-c', trial])).code === 0;
}

function run(args: string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const child = spawn('unshare', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
    });
    child.on('error', (error) => resolve({ code: 1, said: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, said: said.trim() }));
  });
}

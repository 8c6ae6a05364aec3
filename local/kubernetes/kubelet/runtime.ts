import { execFile, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { ClusterError } from '../cluster-error.ts';
import { compileRuntime, type Go } from './compile-runtime.ts';

/** The commands of the pod runtime that are not about one pod. Its source and its protocol: `../runtime/main.go`. */
export class Runtime {
  readonly binary: string;

  private constructor(binary: string) {
    this.binary = binary;
  }

  /**
   * Compiles the runtime and tries whether this user may run pods here.
   * @throws ClusterError that says what to change
   */
  static async open(go: Go): Promise<Runtime> {
    if (process.platform !== 'linux')
      throw new ClusterError(
        `pods of the local cluster are Linux namespaces, which ${process.platform} does not have`,
        'set KUBECONFIG to use a real cluster',
      );
    const binary = await compileRuntime(go);
    await promisify(execFile)(binary, ['check']).catch((error: { stderr?: string; message: string }) => {
      throw new ClusterError(
        `this user may not create the namespaces that pods run in: ${error.stderr?.trim() || error.message}`,
        'run as root, or allow user namespaces (sysctl user.max_user_namespaces=65536, and where they exist kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0), or set KUBECONFIG to use a real cluster',
      );
    });
    return new Runtime(binary);
  }

  /** Unpacks the tar streams, one after the other, as they are, into the directory. */
  async unpack(layer: Readable, directory: string): Promise<void> {
    const child = spawn(this.binary, ['unpack', directory], { stdio: ['pipe', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (text) => {
      complaint += text;
    });
    const ended = new Promise<void>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) =>
        code === 0 ? resolve() : reject(new Error(complaint.trim() || `unpacking ended with ${code}`)),
      );
    });
    const fed = pipeline(layer, child.stdin);
    const [unpacked, read] = await Promise.allSettled([ended, fed]);
    // When both failed, a bad archive breaks the pipe, and a bad download ends the archive too early.
    if (read.status === 'rejected' && (read.reason as NodeJS.ErrnoException).code !== 'EPIPE')
      throw read.reason;
    if (unpacked.status === 'rejected') throw unpacked.reason;
  }

  /** Removes trees, whatever modes and owners the files in them have. */
  async remove(...paths: string[]): Promise<void> {
    if (paths.length > 0) await promisify(execFile)(this.binary, ['remove', ...paths]);
  }
}

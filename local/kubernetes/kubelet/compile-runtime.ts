import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ClusterError } from '../cluster-error.ts';

const sources = join(import.meta.dirname, '../runtime');

/** Where Go is, and a directory for what it compiled: the runtime itself, and Go's own cache. */
export interface Go {
  binary: string;
  cache: string;
}

/**
 * Compiles the pod runtime once for each state of its source.
 * @returns path of the static binary
 * @throws ClusterError when Go is missing or does not compile it
 */
export async function compileRuntime(go: Go): Promise<string> {
  const binary = join(go.cache, `podruntime-${await hashOfSources()}`);
  if (await exists(binary)) return binary;
  await mkdir(go.cache, { recursive: true });
  const unfinished = `${binary}.${process.pid}`;
  const options = ['build', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', unfinished, '.'];
  const environment = {
    ...process.env,
    CGO_ENABLED: '0',
    GOCACHE: join(go.cache, 'build'),
    GOFLAGS: '',
    GOWORK: 'off',
  };
  try {
    await promisify(execFile)(go.binary, options, { cwd: sources, env: environment });
  } catch (error) {
    await rm(unfinished, { force: true });
    throw new ClusterError(
      `the pod runtime could not be compiled with ${go.binary}: ${(error as { stderr?: string }).stderr?.trim() || (error as Error).message}`,
      'install Go 1.19 or newer, or set KUBECONFIG to use a real cluster',
    );
  }
  await rename(unfinished, binary);
  return binary;
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256').update(process.arch);
  const names = (await readdir(sources)).filter((name) => /\.go$|^go\.mod$/.test(name)).sort();
  for (const name of names) hash.update(`${name}\0`).update(await readFile(join(sources, name)));
  return hash.digest('hex').slice(0, 12);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

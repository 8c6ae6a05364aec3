import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argumentsOf, userOf } from './container-spec.ts';
import { environmentOf, expand } from './environment.ts';
import type { LocalImage } from './images/image-store.ts';
import type { PodContext } from './pod-context.ts';
import type { ContainerSpec } from './sandbox.ts';
import type { Container } from './types.ts';
import { mountsOf } from './volumes.ts';

/** Where the files of one run of a container are, relative to the state directory. */
export interface RunFiles {
  log: string;
  scratch: string;
  terminationMessage: string;
}

export function runFiles({ directory }: PodContext, name: string, restart: number): RunFiles {
  const base = join(directory, 'containers', name);
  return {
    log: join(base, `${restart}.log`),
    scratch: join(base, `${restart}`),
    terminationMessage: join(base, 'termination-log'),
  };
}

/**
 * Makes everything ready for one run of a container.
 * @throws ConfigError for what the spec refers to and is not there; Error for what cannot be run
 */
export async function prepareContainer(
  context: PodContext,
  container: Container,
  image: LocalImage,
  files: RunFiles,
): Promise<ContainerSpec> {
  const { pod, facts, state, directory, lookup } = context;
  const variables = environmentOf(container, image.config.config?.Env ?? [], facts, lookup);
  const accounts = {
    passwd: await readFromImage(state, image, 'etc/passwd'),
    group: await readFromImage(state, image, 'etc/group'),
  };
  const user = userOf(container, pod, image.config.config?.User ?? '', accounts);
  const args = argumentsOf(container, image.config, variables);
  await mkdir(join(state, files.scratch), { recursive: true });
  await writeFile(join(state, files.terminationMessage), '', { mode: 0o666 });
  const readOnly = container.securityContext?.readOnlyRootFilesystem ?? false;
  return {
    layers: image.layers,
    scratch: files.scratch,
    readOnly,
    mounts: [
      ...['hosts', 'hostname', 'resolv.conf'].map((name) => ({
        source: join(directory, name),
        target: `/etc/${name}`,
        readOnly: true,
      })),
      {
        source: files.terminationMessage,
        target: container.terminationMessagePath ?? '/dev/termination-log',
        readOnly: false,
      },
      ...mountsOf(container, pod.spec.volumes ?? [], join(directory, 'volumes')),
    ],
    args,
    env: [...variables].map(([name, value]) => `${name}=${value}`),
    cwd: expand(container.workingDir ?? '', variables) || image.config.config?.WorkingDir || '/',
    ...user,
    log: files.log,
  };
}

/** A regular file of the image, from its topmost layer that has it. */
async function readFromImage(state: string, { layers }: LocalImage, path: string): Promise<string> {
  for (const layer of layers) {
    const file = join(state, layer, path);
    const status = await lstat(file).catch(() => undefined);
    // A link could lead out of the layer, to a file of the machine.
    if (status) return status.isFile() ? readFile(file, 'utf8').catch(() => '') : '';
  }
  return '';
}

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { downwardField, type PodFacts } from './downward.ts';
import type { Lookup } from './environment.ts';
import type { Container, FileSource, KeyToPath, Volume } from './types.ts';

interface VolumeFile {
  path: string;
  content: Buffer;
  mode: number;
}

/** Volumes whose source is not there yet: the pod waits for it in ContainerCreating. */
export class MountError extends Error {
  readonly volume: string;

  constructor(volume: string, cause: string) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${cause}`);
    this.name = 'MountError';
    this.volume = volume;
  }
}

/**
 * Writes a pod's volumes below `directory`, one directory each. ConfigMaps and Secrets are read once, when the pod
 * starts: a later change reaches the pods that start after it.
 * @throws MountError
 */
export async function writeVolumes(directory: string, facts: PodFacts, lookup: Lookup): Promise<void> {
  for (const volume of facts.pod.spec.volumes ?? []) {
    const target = join(directory, volume.name);
    const files = filesOf(volume, facts, lookup);
    await mkdir(target, { recursive: true });
    // An empty directory is everybody's in the pod, whatever user a container has.
    if (volume.emptyDir) await chmod(target, 0o777);
    for (const { path, content, mode } of files) {
      await mkdir(dirname(join(target, path)), { recursive: true });
      await writeFile(join(target, path), content);
      await chmod(join(target, path), mode);
    }
  }
}

/**
 * Where a container's volume mounts come from and go to.
 * @param directory of the pod's volumes, relative to the state directory
 * @throws Error when a path leaves its volume
 */
export function mountsOf({ volumeMounts = [] }: Container, volumes: readonly Volume[], directory: string) {
  return volumeMounts.map(({ name, mountPath, subPath = '', readOnly = false }) => {
    const volume = volumes.find((each) => each.name === name);
    if (!volume) throw new Error(`no volume is named "${name}"`);
    return {
      source: join(directory, name, inside(subPath)),
      target: join('/', mountPath),
      readOnly: readOnly || volume.emptyDir === undefined,
    };
  });
}

/** The files of a volume; empty for an empty directory. @throws MountError */
export function filesOf(volume: Volume, facts: PodFacts, lookup: Lookup): VolumeFile[] {
  if (volume.emptyDir) return [];
  if (volume.projected) {
    const { sources = [], defaultMode = 0o644 } = volume.projected;
    return sources.flatMap((source) => sourceFiles(source, volume.name, defaultMode, facts, lookup));
  }
  if (!volume.configMap && !volume.secret && !volume.downwardAPI)
    throw new MountError(
      volume.name,
      'the local cluster has emptyDir, configMap, secret, downwardAPI and projected',
    );
  return sourceFiles(volume, volume.name, 0o644, facts, lookup);
}

function sourceFiles(
  { configMap, secret, downwardAPI }: FileSource,
  volume: string,
  mode: number,
  facts: PodFacts,
  lookup: Lookup,
): VolumeFile[] {
  const files: VolumeFile[] = [];
  if (configMap) {
    const { name = '', optional = false } = configMap;
    const found = lookup.configMap(name);
    if (!found && !optional) throw new MountError(volume, `configmap "${name}" not found`);
    const content = { ...decode(found?.data, 'utf8'), ...decode(found?.binaryData, 'base64') };
    files.push(...pick(content, configMap.items, configMap.defaultMode ?? mode, volume, optional));
  }
  if (secret) {
    const name = secret.secretName ?? secret.name ?? '';
    const found = lookup.secret(name);
    if (!found && !secret.optional) throw new MountError(volume, `secret "${name}" not found`);
    const content = decode(found?.data, 'base64');
    files.push(...pick(content, secret.items, secret.defaultMode ?? mode, volume, secret.optional ?? false));
  }
  for (const { path, fieldRef } of downwardAPI?.items ?? []) {
    const text = fieldRef ? downwardField(facts, fieldRef.fieldPath) : '';
    files.push({ path: inside(path), content: Buffer.from(text), mode: downwardAPI?.defaultMode ?? mode });
  }
  return files;
}

function pick(
  content: Record<string, Buffer>,
  items: KeyToPath[] | undefined,
  mode: number,
  volume: string,
  optional: boolean,
): VolumeFile[] {
  if (!items)
    return Object.entries(content).map(([key, bytes]) => ({ path: inside(key), content: bytes, mode }));
  return items.flatMap(({ key, path, mode: own }) => {
    const bytes = content[key];
    if (bytes) return [{ path: inside(path), content: bytes, mode: own ?? mode }];
    if (optional) return [];
    throw new MountError(volume, `references non-existent config key: ${key}`);
  });
}

function decode(data: Record<string, string> = {}, encoding: 'utf8' | 'base64'): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, encoding)]));
}

function inside(path: string): string {
  if (path.split('/').includes('..')) throw new Error(`the path "${path}" leaves its volume`);
  return normalize(join('/', path)).slice(1);
}

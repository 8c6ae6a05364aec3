import { join } from 'node:path';
import { quantityOf } from './amounts.ts';
import { mountText } from './files.ts';
import { bad, labelsOf, type Making, notice } from './making.ts';

interface Mount {
  type: string;
  source?: string | undefined;
  target: string;
  isReadOnly: boolean;
  size?: string | undefined;
}

/** What a claim asks for where the file does not say: nobody can know, so that it is said. */
const SIZE = '1Gi';

/** Puts a service's volumes into its containers. Answers whether one of them keeps its data: one pod at a time may write there. */
export async function mountVolumes(making: Making): Promise<'keeps' | 'keeps-nothing'> {
  let keeps: 'keeps' | 'keeps-nothing' = 'keeps-nothing';
  for (const [index, mount] of mountsOf(making).entries()) {
    const volume = `volume-${index}`;
    if (mount.type === 'bind') await bindFile(making, volume, mount);
    else if (mount.type === 'tmpfs') inMemory(making, volume, mount.target, mount.size);
    else if (mount.source === undefined) {
      notice(making, 'volumes', `has ${mount.target} without a name: what is in it goes with the pod`);
      making.volumes.push({ name: volume, emptyDir: {} });
      making.mounts.push({ name: volume, mountPath: mount.target });
    } else {
      claim(making, volume, { ...mount, source: mount.source });
      keeps = 'keeps';
    }
  }
  for (const [index, entry] of (making.said.tmpfs ?? []).entries()) {
    const [path = '', options = ''] = entry.split(':');
    inMemory(making, `tmpfs-${index}`, path, /(?:^|,)size=([^,]+)/.exec(options)?.[1]);
  }
  if (making.said.shm_size !== undefined) inMemory(making, 'shm', '/dev/shm', making.said.shm_size);
  return keeps;
}

function mountsOf(making: Making): Mount[] {
  return (making.said.volumes ?? []).map((said) => {
    if (typeof said !== 'string') {
      const { type, source, target, read_only: isReadOnly = false, tmpfs } = said;
      if (!['bind', 'volume', 'tmpfs'].includes(type))
        throw bad(making, 'volumes', `has one of type ${type}`, 'write bind, volume or tmpfs');
      return { type, source, target, isReadOnly, size: tmpfs?.size };
    }
    const parts = said.split(':');
    if (parts.length > 3 || parts.some((part) => part === ''))
      throw bad(making, 'volumes', `cannot be read: ${said}`);
    const [first = '', target, mode = ''] = parts;
    if (target === undefined) return { type: 'volume', target: first, isReadOnly: false };
    const type = /^[./~]/.test(first) ? 'bind' : 'volume';
    return { type, source: first, target, isReadOnly: mode.split(',').includes('ro') };
  });
}

/** A file of the repository becomes a ConfigMap; a folder is what the image is for. */
async function bindFile(
  making: Making,
  volume: string,
  { source = '', target, isReadOnly }: Mount,
): Promise<void> {
  const { checkout, composed, name } = making;
  const remedy =
    'COPY it into the image in the Dockerfile, or name a volume; what is for development goes into compose.override.yaml';
  if (/^[/~]/.test(source))
    throw bad(making, 'volumes', `mounts ${source} of the machine, and pods have nothing of theirs`, remedy);
  const path = join(composed.folder, source);
  const place = composed.at('services', name, 'volumes');
  const full = await checkout.find(path, place, 'file or folder');
  const file = checkout.nameOf(full);
  if (!(await checkout.has(file)))
    throw bad(making, 'volumes', `mounts the folder ${source} of the repository`, remedy);
  if (!isReadOnly) notice(making, 'volumes', `${source} cannot be written to in a pod`);
  mountText(making, { volume, source, target, content: await checkout.read(file, place) });
}

function inMemory(making: Making, name: string, mountPath: string, size: string | undefined): void {
  const sizeLimit = size === undefined ? undefined : quantityOf(size);
  if (size !== undefined && sizeLimit === undefined)
    throw bad(making, 'tmpfs', `has the size ${size}`, 'write it like 64m');
  making.volumes.push({
    name,
    emptyDir: { medium: 'Memory', ...(sizeLimit !== undefined && { sizeLimit }) },
  });
  making.mounts.push({ name, mountPath });
}

function claim(
  making: Making,
  volume: string,
  { source, target, isReadOnly }: Mount & { source: string },
): void {
  const { composed } = making;
  const volumes = composed.rest.volumes ?? {};
  if (!(source in volumes))
    throw bad(making, 'volumes', `names ${source}, which is not under volumes at the end of the file`);
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(source))
    throw bad(
      making,
      'volumes',
      `names ${source}, which is no name in a cluster`,
      'use lower-case letters, digits and "-"',
    );
  const defined = volumes[source] ?? {};
  const isExternal = defined.external !== undefined && defined.external !== false;
  const claimName = isExternal ? (defined.name ?? source) : source;
  making.volumes.push({ name: volume, persistentVolumeClaim: { claimName } });
  making.mounts.push({ name: volume, mountPath: target, ...(isReadOnly && { readOnly: true }) });
  if (isExternal) return;
  const { size, storageClass } = defined['x-fairlead'] ?? {};
  if (size === undefined)
    notice(
      making,
      'volumes',
      `${source} is ${SIZE} large: say \`x-fairlead: {size: 10Gi}\` under volumes.${source}`,
    );
  making.objects.push({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: source, labels: labelsOf(making) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: size ?? SIZE } },
      ...(storageClass !== undefined && { storageClassName: storageClass }),
    },
  });
}

import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { fault } from '../fault.ts';
import { bad, labelsOf, type Making, notice } from './making.ts';
import type { Definition } from './schema.ts';

/** A ConfigMap takes 1 MiB; a release has to hold all of an app's. */
const LARGEST = 64 * 1024;

interface Grant {
  source: string;
  target: string;
  mode?: number;
}

/** Puts the configs of a service into its containers: each is a ConfigMap that is named after what is in it. */
export async function mountConfigs(making: Making): Promise<void> {
  for (const [index, { source, target, mode }] of grantsOf(making, 'configs', '/').entries()) {
    const { name, place } = definitionOf(making, 'configs', source);
    const defined = making.composed.rest.configs?.[source] ?? {};
    const volume = `config-${index}`;
    if (isExternal(defined)) {
      making.volumes.push({
        name: volume,
        configMap: { name: defined.name ?? source, items: [{ key: source, path: source }] },
      });
      making.mounts.push({ name: volume, mountPath: target, subPath: source, readOnly: true });
      continue;
    }
    const content = defined.content ?? (await fileOf(making, defined, name, place));
    mountText(making, { volume, source, target, content, ...(mode !== undefined && { mode }) });
  }
}

/** A text as a file in the containers. */
export function mountText(
  making: Making,
  {
    volume,
    source,
    target,
    content,
    mode,
  }: { volume: string; source: string; target: string; content: string; mode?: number },
): void {
  if (content.length > LARGEST)
    throw bad(
      making,
      'configs',
      `${source} has ${content.length} characters, ${LARGEST} are possible`,
      'put the file into the image',
    );
  const key = basename(target);
  const name = `${making.name.slice(0, 40)}-${hash(`${key}\0${content}`)}`;
  if (!making.objects.some(({ metadata }) => metadata.name === name))
    making.objects.push({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, labels: labelsOf(making) },
      data: { [key]: content },
    });
  making.volumes.push({
    name: volume,
    configMap: { name, ...(mode !== undefined && { defaultMode: mode }) },
  });
  making.mounts.push({ name: volume, mountPath: target, subPath: key, readOnly: true });
}

/** Puts Secrets of the namespace into the containers: their values are never in a repository. */
export function mountSecrets(making: Making): void {
  for (const [index, { source, target, mode }] of grantsOf(making, 'secrets', '/run/secrets/').entries()) {
    const { place } = definitionOf(making, 'secrets', source);
    const defined = making.composed.rest.secrets?.[source] ?? {};
    if (!isExternal(defined))
      throw fault(
        'bad-compose',
        place,
        `secrets.${source} would be in the repository, or in a shell's environment`,
        `make a Secret ${source} with the key ${source} in the namespace, and write \`external: true\` here`,
      );
    const secretName = defined.name ?? source;
    const volume = `secret-${index}`;
    making.volumes.push({
      name: volume,
      secret: {
        secretName,
        items: [{ key: source, path: source }],
        ...(mode !== undefined && { defaultMode: mode }),
      },
    });
    making.mounts.push({ name: volume, mountPath: target, subPath: source, readOnly: true });
  }
}

function isExternal({ external }: Definition): boolean {
  return external !== undefined && external !== false;
}

function definitionOf({ composed, name: service }: Making, kind: 'configs' | 'secrets', source: string) {
  const place = composed.at(kind, source);
  if (composed.rest[kind]?.[source] !== undefined) return { name: `${kind}.${source}`, place };
  const where = composed.at('services', service, kind);
  throw fault(
    'bad-compose',
    where,
    `services.${service}.${kind} names ${source}, which is not under ${kind} at the end of the file`,
  );
}

function grantsOf(making: Making, kind: 'configs' | 'secrets', folder: string): Grant[] {
  return (making.said[kind] ?? []).map((said) => {
    if (typeof said === 'string') return { source: said, target: join(folder, said) };
    const { source, target = source, mode, uid, gid } = said;
    if (uid !== undefined || gid !== undefined)
      notice(making, kind, `has an owner for ${source}, which is left out`);
    if (mode !== undefined && !/^0?[0-7]{3}$/.test(mode))
      throw bad(making, kind, `has the mode ${mode}`, 'write it like 0444');
    const path = target.startsWith('/') ? target : join(folder, target);
    return { source, target: path, ...(mode !== undefined && { mode: Number.parseInt(mode, 8) }) };
  });
}

async function fileOf(making: Making, { file }: Definition, name: string, place: string): Promise<string> {
  if (file === undefined)
    throw fault(
      'bad-compose',
      place,
      `${name} has neither file nor content`,
      'name a file of the repository',
    );
  const path = join(making.composed.folder, file);
  await making.checkout.find(path, place, 'file');
  return await making.checkout.read(path, place);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 10);
}

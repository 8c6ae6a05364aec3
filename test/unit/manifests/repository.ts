import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Manifests } from '../../../lib/app/types.ts';
import { readManifests } from '../../../lib/manifests/read.ts';
import type { Own, Tools } from '../../../lib/manifests/types.ts';
import type { KubernetesObject } from '../../../lib/release/types.ts';

/** Files of a commit by their paths: text, or what a symbolic link leads to. */
export type Files = Record<string, string | { link: string }>;

/** Has `use` work on a folder with these files, which goes afterwards. */
export async function withFiles<T>(files: Files, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-test-manifests-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      const full = join(directory, path);
      await mkdir(dirname(full), { recursive: true });
      if (typeof content === 'string') await writeFile(full, content);
      else await symlink(content.link, full);
    }
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** What the manifests of an app `shop` for the namespace `shop` say. */
export async function read(files: Files, said: Manifests, tools: Tools = {}): Promise<Own> {
  return await withFiles(files, (directory) =>
    readManifests(directory, said, { app: 'shop', namespace: 'shop', tools }),
  );
}

/** `Deployment web` of each object. */
export function namesOf(objects: readonly KubernetesObject[]): string[] {
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

/** A Deployment of the app's image, as YAML. */
export function deployment(name: string, image = 'IMAGE', more = ''): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
${more}spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: main, image: ${image}}]}
`;
}

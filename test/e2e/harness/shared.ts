import { delimiter, dirname } from 'node:path';
import type { TestProject } from 'vitest/node';
import { missing, unpackTools } from '../../contract/manifests/tools.ts';
import { LocalCloud, type Ready } from './cloud.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    cloud: Ready;
  }
}

/** One local cloud for all files that only push apps of their own name to it. Its builder has Helm and kubectl where they run here. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const unpacked = missing === undefined ? await unpackTools() : undefined;
  const programs = Object.values(unpacked?.tools ?? {}).map(dirname);
  const path = [...(process.env.PATH ?? '').split(delimiter), ...programs];
  const cloud = await LocalCloud.start({ PATH: path.join(delimiter) });
  project.provide('cloud', cloud.ready);
  return async () => {
    await cloud.stop();
    await unpacked?.close();
  };
}

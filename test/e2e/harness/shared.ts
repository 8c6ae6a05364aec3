import type { TestProject } from 'vitest/node';
import { LocalCloud, type Ready } from './cloud.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    cloud: Ready;
  }
}

/** One local cloud for all files that only push apps of their own name to it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cloud = await LocalCloud.start();
  project.provide('cloud', cloud.ready);
  return async () => {
    await cloud.stop();
  };
}

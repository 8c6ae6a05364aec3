import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry } from '../../../local/registry/server.ts';
import { DOCKER_REGISTRY, startDockerRegistry } from './docker-registry.ts';

/** A registry that runs, and where it keeps its bytes. */
export interface Running {
  host: string;
  folder: string;
  close(): Promise<void>;
}

export interface Implementation {
  name: string;
  /** Why it cannot run here, if so. */
  missing?: string;
  /** Whether an upload that was cut off can go on where it was. */
  resumes: boolean;
  start(): Promise<Running>;
}

/** The registries that the one suite runs against: ours, and one that others wrote. */
export const implementations: Implementation[] = [
  {
    name: 'the local registry',
    resumes: true,
    start: () => inFolder((folder) => startRegistry({ stateDir: folder })),
  },
  {
    name: "Debian's docker-registry",
    ...(!existsSync(DOCKER_REGISTRY) && { missing: `${DOCKER_REGISTRY} is not installed` }),
    // It compares the size with the one in the session's signed state, and refuses when more has come meanwhile.
    resumes: false,
    start: () => inFolder((folder) => startDockerRegistry(folder)),
  },
];

async function inFolder(
  start: (folder: string) => Promise<{ host: string; close(): Promise<void> }>,
): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-registry-'));
  const { host, close } = await start(folder);
  return {
    host,
    folder,
    close: async () => {
      await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

import type { Platform } from '../../image/types.ts';

/** A kind of machine that CodeBuild has, as StartBuild names it. */
export interface Machine {
  platform: Platform;
  environmentType: 'ARM_CONTAINER' | 'LINUX_CONTAINER';
  /** AWS CodeBuild User Guide, "Docker images provided by CodeBuild"; both have docker with buildx. */
  image: string;
}

const AMD64: Machine = {
  platform: { os: 'linux', architecture: 'amd64' },
  environmentType: 'LINUX_CONTAINER',
  image: 'aws/codebuild/amazonlinux-x86_64-standard:5.0',
};

const ARM64: Machine = {
  platform: { os: 'linux', architecture: 'arm64' },
  environmentType: 'ARM_CONTAINER',
  image: 'aws/codebuild/amazonlinux-aarch64-standard:3.0',
};

/** The machine that an image for `target` is built on: of its own kind, where there is one. */
export function machineFor(target: Platform): Machine {
  return target.architecture === 'arm64' ? ARM64 : AMD64;
}

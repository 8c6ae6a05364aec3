import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { runningClouds } from '../../../bin/running-clouds.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** Runs the command line on the local cloud of the process `pid`, as a person would. */
export function fairlead(
  pid: number,
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [join(root, 'bin', 'fairlead.js'), ...args, '--local'], {
    env: { ...process.env, FAIRLEAD_LOCAL: String(pid), NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { out: '', err: '' };
  child.stdout.on('data', (text) => {
    printed.out += text;
  });
  child.stderr.on('data', (text) => {
    printed.err += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, ...printed }));
  });
}

/** CloudWatch of the local cloud of the process `pid`, as people reach it. */
export async function cloudWatchOf(pid: number): Promise<CloudWatchClient> {
  const cloud = (await runningClouds()).find((running) => running.pid === pid);
  if (cloud === undefined) throw new Error(`the local cloud ${pid} has left no word`);
  const { region, accessKeyId, secretAccessKey, endpoints } = cloud;
  const endpoint = endpoints.AWS_ENDPOINT_URL_CLOUDWATCH ?? '';
  return new CloudWatchClient({ region, endpoint, credentials: { accessKeyId, secretAccessKey } });
}

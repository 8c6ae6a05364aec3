import type { IncomingMessage } from 'node:http';
import type { Kube } from './client.ts';
import { KubeError } from './error.ts';

/** Which run of which container. `previous` is the one before the present one. */
export interface LogRef {
  namespace: string;
  pod: string;
  container: string;
  run: 'current' | 'previous';
}

/** Bytes that are kept of a log's end, and those that are asked for at most to get there. */
const KEPT = 64 * 1024;
const ASKED = 4 * 1024 * 1024;
/** ms that it may take. */
const PATIENCE = 15_000;

/**
 * The last lines that a container wrote; none where the cluster no longer, or not yet, has them. Where they are long, fewer
 * of them. A kubelet that is told how many bytes starts at the first of the lines and leaves out the end (kubernetes,
 * pkg/kubelet/kuberuntime/logs/logs.go, `logWriter.write`): so the cut is made here, and fewer lines are asked for where even
 * that many bytes do not reach the end.
 */
export async function tailOf(kube: Kube, ref: LogRef, lines: number): Promise<string[]> {
  const path = `/api/v1/namespaces/${ref.namespace}/pods/${ref.pod}/log`;
  const query = {
    container: ref.container,
    previous: ref.run === 'previous' || undefined,
    tailLines: lines,
    limitBytes: ASKED,
  };
  try {
    const answer = await kube.open(path, query, PATIENCE, AbortSignal.timeout(PATIENCE));
    const { text, bytes } = await endOf(answer);
    if (bytes >= ASKED && lines > 1) return await tailOf(kube, ref, Math.ceil(lines / 10));
    return text.split('\n').filter((line) => line.trim() !== '');
  } catch (error) {
    // Evidence is welcome and not needed: a verdict stands without it.
    if (error instanceof KubeError) return [];
    throw error;
  }
}

/** The last bytes of an answer, from the beginning of a line on where there is one, and how many there were in all. */
async function endOf(answer: IncomingMessage): Promise<{ text: string; bytes: number }> {
  let kept = Buffer.alloc(0);
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      kept = Buffer.concat([kept, chunk]).subarray(-KEPT);
    }
  } catch {
    // What came before the connection ended is evidence, too.
  }
  const text = kept.toString();
  const isWhole = bytes === kept.length || !text.trimEnd().includes('\n');
  return { text: isWhole ? text : text.slice(text.indexOf('\n') + 1), bytes };
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Connection } from '../../../lib/kube/client.ts';
import type { Deployers } from '../../../lib/kube/permissions.ts';

/** A cluster that the suite runs against. */
export interface Running {
  /** As the function that rolls out: an EKS login with the rights of lib/kube/permissions.ts. */
  connection: Connection;
  /** Whose rights it has. */
  deployers: Deployers;
  /** An administrator's kubeconfig, for kubectl: somebody else's client. */
  kubeconfig: string;
  /** `HOST/PATH@sha256:…` of the probe program. */
  image: string;
  close(): Promise<void>;
}

/**
 * - `owners of scaling`: who scaled is on record in managedFields, which Kubernetes does from 1.23 on.
 * - `sleep`: what a kubelet can do by itself before it tells a program to go, from 1.30 on.
 */
export type Feature = 'owners of scaling' | 'sleep';

export interface Implementation {
  name: string;
  /** Why it cannot run here; undefined if it can. */
  missing?: string;
  /** What of Kubernetes it does not have. */
  lacks: readonly Feature[];
  start(): Promise<Running>;
}

/** Runs kubectl as administrator; answers its output. The cluster may run in this very process, so it must not block. */
export async function kubectl(kubeconfig: string, args: string[], input = ''): Promise<string> {
  const running = promisify(execFile)('kubectl', ['--kubeconfig', kubeconfig, ...args]);
  running.child.stdin?.end(input);
  return (await running).stdout;
}

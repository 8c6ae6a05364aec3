import { execFileSync } from 'node:child_process';
import type { Connection } from '../../../lib/kube/client.ts';

/** A cluster that the suite runs against. */
export interface Running {
  /** As the function that rolls out: an EKS login with the rights of lib/kube/permissions.ts. */
  connection: Connection;
  /** An administrator's kubeconfig, for kubectl: somebody else's client. */
  kubeconfig: string;
  /** `HOST/PATH@sha256:…` of the probe program. */
  image: string;
  close(): Promise<void>;
}

export interface Implementation {
  name: string;
  /** Why it cannot run here; undefined if it can. */
  missing?: string;
  start(): Promise<Running>;
}

/** Runs kubectl as administrator; answers its output. */
export function kubectl(kubeconfig: string, args: string[], input?: string): string {
  return execFileSync('kubectl', ['--kubeconfig', kubeconfig, ...args], {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

import { arch, cpus, release, totalmem } from 'node:os';
import { type KubernetesObject, type NewObject, timestamp } from '../object.ts';

export const nodeName = 'local';
export const nodeIP = '127.0.0.1';

export interface NodeObject extends KubernetesObject {
  spec: Record<string, unknown>;
  status: { allocatable: Record<string, string>; [field: string]: unknown };
}

/** Requests are promises among many machines; on one developer's, most of them are idle. */
const overcommit = 8;

const architecture = arch() === 'x64' ? 'amd64' : arch();

/** The one node: this machine. */
export function newNode(): NewObject {
  const labels = {
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
  };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, labels }, spec: {} };
}

/** Written once: a node without a heartbeat is there as long as its API server is. */
export function nodeStatus(now: Date): NodeObject['status'] {
  const memory = `${Math.floor(totalmem() / 1024)}Ki`;
  const allocatable = { cpu: String(cpus().length * overcommit), memory, pods: '110' };
  const time = timestamp(now);
  return {
    addresses: [
      { type: 'InternalIP', address: nodeIP },
      { type: 'Hostname', address: nodeName },
    ],
    allocatable,
    capacity: allocatable,
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'KubeletReady',
        message: 'the local cloud runs pods as processes of this machine',
        lastHeartbeatTime: time,
        lastTransitionTime: time,
      },
    ],
    nodeInfo: {
      architecture,
      operatingSystem: 'linux',
      kernelVersion: release(),
      kubeletVersion: 'v1.32.0',
      kubeProxyVersion: 'v1.32.0',
      osImage: 'Linux',
      containerRuntimeVersion: 'podruntime://1',
      machineID: '',
      systemUUID: '',
      bootID: '',
    },
  };
}

import type { KubernetesObject } from '../../object.ts';
import type { Condition, LabelSelector, PodTemplate } from '../types.ts';

/** Source: Kubernetes `batch/v1`. What is optional here has a default that the API server fills in, or means none. */
export interface Job extends KubernetesObject {
  spec: JobSpec;
  status?: JobStatus;
}

export interface JobSpec {
  parallelism?: number;
  /** Pods that have to succeed; absent: one, and then those that still run. */
  completions?: number;
  backoffLimit?: number;
  activeDeadlineSeconds?: number;
  ttlSecondsAfterFinished?: number;
  suspend?: boolean;
  selector?: LabelSelector;
  template: PodTemplate;
}

export interface JobStatus {
  active?: number;
  ready?: number;
  succeeded?: number;
  failed?: number;
  terminating?: number;
  startTime?: string;
  completionTime?: string;
  conditions?: JobCondition[];
}

export interface JobCondition extends Condition {
  type: 'Complete' | 'Failed' | 'FailureTarget' | 'SuccessCriteriaMet' | 'Suspended';
}

/** How a Job has ended, undefined before that. */
export function ending({ status }: Job): JobCondition | undefined {
  return status?.conditions?.find(
    ({ type, status: holds }) => (type === 'Complete' || type === 'Failed') && holds === 'True',
  );
}

/** When a Job has ended, in milliseconds since the epoch. */
export function endedAt(job: Job): number | undefined {
  const at = ending(job)?.lastTransitionTime;
  return at === undefined ? undefined : Date.parse(at);
}

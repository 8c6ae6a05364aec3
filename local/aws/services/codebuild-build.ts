import type { Run } from './codebuild-run.ts';

type Status = 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'STOPPED';

interface Phase {
  type: string;
  status?: Status;
  startedAt: number;
  endedAt?: number;
  message?: string;
}

interface Variable {
  name: string;
  value: string;
  type: string;
}

export interface Build {
  id: string;
  number: number;
  project: string;
  token: string | undefined;
  /** What it was asked for with that token. */
  asked: string;
  status: Status;
  variables: Variable[];
  phases: Phase[];
  exported: Record<string, string>;
  /** Seconds since 1970. */
  startedAt: number;
  endedAt?: number;
  run?: Run;
}

export const now = () => Date.now() / 1000;

export const groupOf = ({ project }: Build) => `/aws/codebuild/${project}`;
export const streamOf = ({ id }: Build) => id.split(':')[1] ?? '';

export function beginPhase({ phases }: Build, type: string): void {
  phases.push({ type, startedAt: now() });
}

export function endPhase({ phases }: Build, status: Status, message?: string): void {
  const phase = phases.at(-1);
  if (phase === undefined || phase.status !== undefined) return;
  Object.assign(phase, { status, endedAt: now(), ...(message === undefined ? {} : { message }) });
}

/** The first end is the one that stays. */
export function endBuild(build: Build, status: Status): void {
  if (build.status !== 'IN_PROGRESS') return;
  build.status = status;
  build.endedAt = now();
}

/** As the API has it: BatchGetBuilds, `Build`. */
export function describe(build: Build, arn: string, timeoutInMinutes: number) {
  return {
    id: build.id,
    arn,
    buildNumber: build.number,
    projectName: build.project,
    buildStatus: build.status,
    buildComplete: build.status !== 'IN_PROGRESS',
    currentPhase: build.status === 'IN_PROGRESS' ? (build.phases.at(-1)?.type ?? 'SUBMITTED') : 'COMPLETED',
    startTime: build.startedAt,
    endTime: build.endedAt,
    timeoutInMinutes,
    phases: build.phases.map(({ type, status, startedAt, endedAt, message }) => ({
      phaseType: type,
      phaseStatus: status,
      startTime: startedAt,
      endTime: endedAt,
      contexts: message === undefined ? [] : [{ statusCode: 'CLIENT_ERROR', message }],
    })),
    environment: { environmentVariables: build.variables },
    exportedEnvironmentVariables: Object.entries(build.exported).map(([name, value]) => ({ name, value })),
    logs: { groupName: groupOf(build), streamName: streamOf(build) },
  };
}

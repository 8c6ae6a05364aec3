import { type ProgressEvent, renderLabel } from '../../../lib/build/progress.ts';

/** What is shown of a build: its own events, and what the command does with the image afterwards. */
export type ShownEvent =
  | ProgressEvent
  | { type: 'task-start'; name: string }
  | { type: 'task'; name: string; ms: number; note?: string };

/** A step or task. Times are in milliseconds, those of `startedAt` as `now` of the events was given. */
export interface ShownStep {
  id: string;
  /** `[build 3/5] RUN go build ./...`, on one line. */
  name: string;
  state: 'running' | 'done' | 'cached' | 'failed' | 'aborted';
  startedAt: number;
  ms?: number;
  note?: string;
  /** Its last lines of output. */
  tail: readonly string[];
}

/** All that a view of a build knows. */
export interface Progress {
  startedAt: number;
  /** In the order in which they began. */
  steps: readonly ShownStep[];
  notices: readonly string[];
}

/** Lines of a step's output that are kept for the view. */
const LONGEST_TAIL = 6;

export function noProgress(now: number): Progress {
  return { startedAt: now, steps: [], notices: [] };
}

/** The progress after an event. A step that begins again, because the plan changed, begins anew. */
export function advance(progress: Progress, event: ShownEvent, now: number): Progress {
  switch (event.type) {
    case 'notice':
      return progress.notices.includes(event.message)
        ? progress
        : { ...progress, notices: [...progress.notices, event.message] };
    case 'step-start':
      return begun(progress, idOf(event), renderLabel(event, Number.POSITIVE_INFINITY), now);
    case 'task-start':
      return begun(progress, event.name, event.name, now);
    case 'step':
      return changed(progress, idOf(event), { state: event.cached ? 'cached' : 'done', ms: event.ms });
    case 'step-failed':
      return changed(progress, idOf(event), { state: event.aborted ? 'aborted' : 'failed', ms: event.ms });
    case 'task': {
      const { name, ms, note } = event;
      return changed(progress, name, { state: 'done', ms, ...(note === undefined ? {} : { note }) });
    }
    case 'output':
      return spoken(progress, event);
  }
}

function idOf({ stage, number }: { stage: string; number: number }): string {
  return `${stage} ${number}`;
}

function begun(progress: Progress, id: string, name: string, now: number): Progress {
  const step: ShownStep = { id, name, state: 'running', startedAt: now, tail: [] };
  return { ...progress, steps: [...progress.steps.filter((other) => other.id !== id), step] };
}

function changed(progress: Progress, id: string, change: Partial<ShownStep>): Progress {
  return {
    ...progress,
    steps: progress.steps.map((step) => (step.id === id ? { ...step, ...change } : step)),
  };
}

function spoken(progress: Progress, event: ProgressEvent & { type: 'output' }): Progress {
  const { stage, number, text } = event;
  const speaker =
    stage === undefined || number === undefined
      ? progress.steps.findLast(({ state }) => state === 'running')?.id
      : idOf({ stage, number });
  const steps = progress.steps.map((step) =>
    step.id === speaker ? { ...step, tail: [...step.tail, text].slice(-LONGEST_TAIL) } : step,
  );
  return { ...progress, steps };
}

/** How many steps were there already, of those that could have been; FROM is none. */
export function cachedSteps({ steps }: Progress): { cached: number; all: number } {
  const counted = steps.filter(({ name }) => /^\[.+ \d+\/\d+\] /.test(name) && !/^\[.+ 1\/\d+\] /.test(name));
  return { cached: counted.filter(({ state }) => state === 'cached').length, all: counted.length };
}

/** What a build tells while it goes on. Times are in milliseconds. */
export type ProgressEvent =
  | ({ type: 'step-start' } & StepLabel)
  | ({ type: 'step'; ms: number; cached: boolean } & StepLabel)
  /** The first one that failed, and what was broken off because of it. */
  | ({ type: 'step-failed'; ms: number; aborted: boolean } & StepLabel)
  /** Of a command, and of which step where several run side by side. */
  | { type: 'output'; line: number; text: string; stage?: string; number?: number }
  | { type: 'notice'; message: string; line?: number };

/** A step as people see it: `[build 3/5] RUN go build`. */
export interface StepLabel {
  stage: string;
  /** From 1: FROM, then what makes files. */
  number: number;
  total: number;
  instruction: string;
  line: number;
}

const LONGEST_INSTRUCTION = 72;

/** One plain line an event, as BuildKit's users know them: `[build 3/5] RUN go build …  2.1s`. Nothing for a start. */
export function renderProgress(event: ProgressEvent): string | undefined {
  if (event.type === 'notice') return `notice: ${event.message}`;
  if (event.type === 'output') return `    ${event.text}`;
  if (event.type === 'step-start') return undefined;
  if (event.type === 'step-failed') return event.aborted ? undefined : `${renderLabel(event)}  FAILED`;
  const time = event.cached ? 'CACHED' : `${(event.ms / 1000).toFixed(1)}s`;
  return `${renderLabel(event)}  ${time}`;
}

/** `[build 3/5] RUN go build …`, on one line and cut to a bearable length. */
export function renderLabel(
  { stage, number, total, instruction }: StepLabel,
  longest = LONGEST_INSTRUCTION,
): string {
  const oneLine = instruction.replace(/\s+/g, ' ');
  const cut = oneLine.length > longest ? `${oneLine.slice(0, longest - 1)}…` : oneLine;
  return `[${stage} ${number}/${total}] ${cut}`;
}

import type { Dockerfile, Instruction, Stage } from '../../dockerfile/types.ts';
import type { Reason } from './plan.ts';

/** What showed of a stage only when it was begun or carried out, so that everything has to be planned again. */
export type Finding =
  | ({ kind: 'needs-sandbox'; stage: number } & Reason)
  /** What the base image wants done on top of it, before the stage's own instructions. */
  | { kind: 'triggers'; stage: number; instructions: Instruction[] };

/** Thrown by a stage to have the build planned again; never leaves build(). */
export class PlanChanged extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(`stage ${finding.stage}: ${finding.kind}`);
    this.finding = finding;
  }
}

/** Whether both say the same; then planning with the second one changes nothing. */
export function isSame(a: Finding, b: Finding): boolean {
  if (a.stage !== b.stage) return false;
  if (a.kind === 'needs-sandbox' && b.kind === 'needs-sandbox') return a.line === b.line && a.why === b.why;
  return a.kind === b.kind;
}

/** The reasons among the findings, as the plan wants them. */
export function shownReasons(findings: readonly Finding[]): Map<number, Reason[]> {
  const shown = new Map<number, Reason[]>();
  for (const finding of findings) {
    if (finding.kind !== 'needs-sandbox') continue;
    const { kind: _, stage, ...reason } = finding;
    shown.set(stage, [...(shown.get(stage) ?? []), reason]);
  }
  return shown;
}

/** The Dockerfile with the triggers of base images written out where they are carried out. */
export function withTriggers(dockerfile: Dockerfile, findings: readonly Finding[]): Dockerfile {
  const triggers = findings.filter((finding) => finding.kind === 'triggers');
  if (triggers.length === 0) return dockerfile;
  const stages = dockerfile.stages.map((stage): Stage => {
    const own = triggers.filter((finding) => finding.stage === stage.index);
    return { ...stage, instructions: [...own.flatMap((it) => it.instructions), ...stage.instructions] };
  });
  return { ...dockerfile, stages };
}

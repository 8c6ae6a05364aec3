import type { ProgressEvent } from '../../build/progress.ts';

/** `#8 [build 3/5] RUN go build`; the stage's name is left out where there is one stage, a platform may be in front. */
const STEP = /^#(\d+) \[(?:\S+\/\S+ )?(?:([\w.-]+) )?(\d+)\/(\d+)\] (.*)$/;
const DONE = /^#(\d+) (?:DONE ([\d.]+)s|(CACHED))$/;
const SAID = /^#(\d+) \d+\.\d+ (.*)$/;

type Label = { stage: string; number: number; total: number; instruction: string };

/**
 * Reads BuildKit's progress as it is in a log (`--progress plain`) line by line. The lines of the Dockerfile that the
 * steps are at are not in it: their number is 0.
 */
export class BuildKitOutput {
  readonly #steps = new Map<string, Label>();
  readonly #ended = new Set<string>();

  read(line: string): ProgressEvent | undefined {
    const step = STEP.exec(line);
    if (step !== null) return this.#began(step);
    const done = DONE.exec(line);
    if (done !== null) return this.#done(done);
    const [, id = '', text = ''] = SAID.exec(line) ?? [];
    return this.#steps.has(id) ? { type: 'output', line: 0, text } : undefined;
  }

  #began([, id = '', stage = '', number, total, instruction = '']: RegExpExecArray):
    | ProgressEvent
    | undefined {
    // Told again whenever another step's lines were in between.
    if (this.#steps.has(id)) return undefined;
    const label = { stage: stage || 'stage-0', number: Number(number), total: Number(total), instruction };
    this.#steps.set(id, label);
    return { type: 'step-start', line: 0, ...label };
  }

  #done([, id = '', seconds, cached]: RegExpExecArray): ProgressEvent | undefined {
    const label = this.#steps.get(id);
    if (label === undefined || this.#ended.has(id)) return undefined;
    this.#ended.add(id);
    const ms = Math.round(Number(seconds ?? 0) * 1000);
    return { type: 'step', line: 0, ...label, ms, cached: cached !== undefined };
  }
}

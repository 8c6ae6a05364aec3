import { fault } from '../../dockerfile/faults.ts';
import type { Instruction, RunInstruction } from '../../dockerfile/types.ts';
import { FairleadError } from '../../errors.ts';
import { scopedKey } from '../cache/scope.ts';
import { copyStep } from '../copy/copy-step.ts';
import { atInstruction } from '../failure.ts';
import { PlanChanged } from '../plan/finding.ts';
import { meantPath, meantStage } from '../plan/meant.ts';
import { fromNames } from '../plan/plan.ts';
import type { ProgressEvent, StepLabel } from '../progress.ts';
import { goKey, goStep } from '../run/go-step.ts';
import { mountSources } from '../run/mounts/sources.ts';
import { cannotRun } from '../run/run-step.ts';
import { sandboxKey, sandboxStep } from '../run/sandbox-step.ts';
import type { StageInput } from '../shared.ts';
import { readChanges, writeChanges } from '../store/records.ts';
import { keyOf } from '../store/store.ts';
import type { Change } from '../tree.ts';
import { ConfigProblem, configure } from './config.ts';
import { type Beginning, StageState } from './stage-state.ts';
import { makeWorkdir } from './workdir.ts';

/** What makes files, and so has a number: `[build 3/5]`. */
const NUMBERED = ['RUN', 'COPY', 'ADD', 'WORKDIR'];

/** Carries out a stage's instructions, one after the other, each told by a step event. Throws FairleadError. */
export async function buildStage(
  input: StageInput,
  beginning: Beginning,
  stages: ReadonlyMap<number, StageState>,
): Promise<StageState> {
  const { shared, plan } = input;
  const state = new StageState(shared, beginning, plan.published);
  for (const [index, instruction] of plan.stage.instructions.entries()) {
    shared.signal?.throwIfAborted();
    const label = stepLabel(input, index, instruction);
    const work = (told: StageInput) => carryOut(instruction, state, told, stages);
    try {
      if (label === undefined) await work(input);
      else await tellStep(input, label, work);
    } catch (error) {
      throw atInstruction(error, instruction, shared.dockerfile, remedyFor(error, instruction, input, state));
    }
  }
  return state;
}

/** What somebody may have meant who took from what is not there: a stage, or a path of the context. */
function remedyFor(
  error: unknown,
  instruction: Instruction,
  { shared, plan }: StageInput,
  state: StageState,
): string | undefined {
  if (!(error instanceof FairleadError)) return undefined;
  const { keyword } = instruction;
  if (error.code === 'dockerfile/source-missing' && (keyword === 'COPY' || keyword === 'ADD')) {
    if (instruction.from !== undefined) return undefined;
    const sources = instruction.sources.map((source) => state.expand(source, instruction.line));
    const missing = sources.filter(
      (source) => shared.context.get(source.replace(/^[./]+/, '')) === undefined,
    );
    return firstOf(missing, (source) => meantPath(source, shared.context, shared.ignored));
  }
  if (error.fault.place?.startsWith(shared.dockerfile.name)) return undefined;
  return firstOf(fromNames({ instructions: [instruction] }), (name) =>
    meantStage(name, plan.stage.index, shared.dockerfile),
  );
}

function firstOf(words: readonly string[], meant: (word: string) => string | undefined): string | undefined {
  return words.map(meant).find((it) => it !== undefined);
}

/** Does a step, and tells when it begins, what it says, and how it ended; `work` answers whether it was cached. */
export async function tellStep(
  input: StageInput,
  label: StepLabel,
  work: (told: StageInput) => Promise<boolean>,
): Promise<void> {
  const { onProgress, signal } = input.shared;
  const { stage, number } = label;
  const tell = (event: ProgressEvent) =>
    onProgress(event.type === 'output' ? { ...event, stage, number } : event);
  const started = performance.now();
  const elapsed = () => Math.round(performance.now() - started);
  onProgress({ type: 'step-start', ...label });
  try {
    const cached = await work({ ...input, shared: { ...input.shared, onProgress: tell } });
    onProgress({ type: 'step', ...label, ms: elapsed(), cached });
  } catch (error) {
    const aborted = signal?.aborted === true || error instanceof PlanChanged;
    onProgress({ type: 'step-failed', ...label, ms: elapsed(), aborted });
    throw error;
  }
}

/** How a stage is called where it has no name: as BuildKit does. */
export function stageName({ stage }: StageInput['plan']): string {
  return stage.name ?? `stage-${stage.index}`;
}

/** FROM is number 1. */
export function stepCount({ stage }: StageInput['plan']): number {
  return 1 + stage.instructions.filter(({ keyword }) => NUMBERED.includes(keyword)).length;
}

function stepLabel({ plan }: StageInput, index: number, instruction: Instruction): StepLabel | undefined {
  if (!NUMBERED.includes(instruction.keyword)) return undefined;
  const before = plan.stage.instructions.slice(0, index).filter(({ keyword }) => NUMBERED.includes(keyword));
  return {
    stage: stageName(plan),
    number: before.length + 2,
    total: stepCount(plan),
    instruction: instruction.text,
    line: instruction.line,
  };
}

/** Carries out one instruction; answers whether its result was there already. */
async function carryOut(
  instruction: Instruction,
  state: StageState,
  input: StageInput,
  stages: ReadonlyMap<number, StageState>,
): Promise<boolean> {
  switch (instruction.keyword) {
    case 'ARG':
      state.declare(instruction);
      state.recordConfiguration(instruction);
      return true;
    case 'COPY':
    case 'ADD': {
      const { changes, key, stepKey } = await copyStep(instruction, state, input, stages);
      return record(instruction, state, input, changes, key, stepKey);
    }
    case 'WORKDIR': {
      applyConfiguration(instruction, state, input);
      const changes = await makeWorkdir(state, input, instruction.line);
      const key = keyOf(state.key, 'WORKDIR', state.config.WorkingDir, changes);
      return record(instruction, state, input, changes, key);
    }
    case 'RUN':
      return runStep(instruction, state, input, stages);
    default:
      applyConfiguration(instruction, state, input);
      state.recordConfiguration(instruction);
      return true;
  }
}

async function record(
  instruction: Instruction,
  state: StageState,
  { shared }: StageInput,
  changes: Change[],
  key: string,
  stepKey = key,
): Promise<boolean> {
  const cached = mayReuse(stepKey, shared) && (await shared.store.read('steps', stepKey)) !== undefined;
  if (!cached) shared.store.write('steps', stepKey, []);
  shared.fresh.add(stepKey);
  state.recordChanges(instruction, changes, key);
  return cached;
}

function mayReuse(key: string, { noCache, fresh }: StageInput['shared']): boolean {
  return !noCache || fresh.has(key);
}

async function runStep(
  instruction: RunInstruction,
  state: StageState,
  input: StageInput,
  stages: ReadonlyMap<number, StageState>,
): Promise<boolean> {
  const { shared, plan } = input;
  const { toolchain, store, sandbox, epoch } = shared;
  const sources = await mountSources(instruction, state, input, stages);
  const { key: common, step } = engineOf();
  const { key, kept } = await keptUnder(common, shared);
  const changes = kept ?? (await shared.turns.take(step, shared.signal));
  if (kept === undefined) writeChanges(store, key, changes);
  shared.fresh.add(key);
  state.tree.apply(changes);
  state.recordChanges(instruction, changes, key);
  return kept !== undefined;

  function engineOf(): { key: string; step: () => Promise<Change[]> } {
    if (plan.engine === 'function' && toolchain !== undefined) {
      return {
        key: goKey(instruction, state, toolchain, epoch, sources),
        step: () => goStep(instruction, state, input, sources),
      };
    }
    if (!sandbox.able)
      throw cannotRun(instruction, plan.reasons[0]?.why ?? 'it is not plain', shared, sandbox.why);
    const key = sandboxKey(instruction, state, sandbox.as, epoch, sources);
    return { key, step: () => sandboxStep(instruction, state, input, sandbox, sources) };
  }
}

/**
 * What a RUN of this key made before, here or in production, and the key that what comes after it goes by: what was not
 * production's leads to other keys all the way up.
 */
async function keptUnder(
  key: string,
  shared: StageInput['shared'],
): Promise<{ key: string; kept: Change[] | undefined }> {
  const read = async (one: string) => (mayReuse(one, shared) ? readChanges(shared.store, one) : undefined);
  const common = await read(key);
  const own = scopedKey(key, shared.scope);
  if (common !== undefined || own === key) return { key, kept: common };
  return { key: own, kept: await read(own) };
}

function applyConfiguration(instruction: Instruction, state: StageState, { shared }: StageInput): void {
  const { line, keyword } = instruction;
  const position = { file: shared.dockerfile.name, line };
  if (keyword === 'MAINTAINER') state.author = instruction.author;
  try {
    const expand = (word: string) => state.expand(word, line);
    const replaced = keyword === 'ENV' ? instruction.pairs.map(([name]) => expand(name)) : [];
    const words = (word: string) => state.expandWords(word, line);
    state.config = configure(instruction, { config: state.config, expand, words, hasCmd: state.hasCmd });
    for (const name of replaced) state.args.delete(name);
  } catch (error) {
    throw error instanceof ConfigProblem ? fault(position, 'bad-argument', error.message) : error;
  }
  if (keyword === 'CMD') state.hasCmd = true;
}

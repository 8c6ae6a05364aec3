import type { RunInstruction } from '../dockerfile/types.ts';
import { argvOf } from './config.ts';
import { cannotRun } from './run-step.ts';
import type { StageInput } from './shared.ts';
import type { StageState } from './stage-state.ts';
import { keyOf } from './store.ts';
import type { Change } from './tree.ts';

/** The key of a RUN in the sandbox: whatever its result depends on, as far as the builder can know. */
export function sandboxKey({ command, mounts }: RunInstruction, state: StageState): string {
  const { config, platform } = state;
  const what = [
    argvOf(command, config),
    mounts,
    state.keyedEnvironment,
    config.WorkingDir,
    config.User,
    platform,
  ];
  return keyOf(state.key, 'RUN', 'sandbox', what);
}

export async function sandboxStep(
  instruction: RunInstruction,
  _state: StageState,
  { shared }: StageInput,
): Promise<Change[]> {
  throw cannotRun(instruction, 'not yet', shared, 'not yet');
}

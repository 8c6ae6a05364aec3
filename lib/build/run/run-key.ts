import type { RunInstruction } from '../../dockerfile/types.ts';
import { argvOf, inlineProgram } from '../stage/config.ts';
import type { StageState } from '../stage/stage-state.ts';
import { keyOf } from '../store/store.ts';

/** The cache key of a RUN: whatever its result depends on, `engine` among it (its name, revision and what it runs as). */
export function runKey(
  { command, mounts, network, security }: RunInstruction,
  { key, config, platform, keyedEnvironment }: StageState,
  engine: readonly [name: string, revision: number, as: string],
  epoch: number,
  /** What its mounts show. */
  mounted: readonly string[] = [],
): string {
  const { WorkingDir, User } = config;
  const program = inlineProgram(command)?.content;
  const how = [mounts, network, security];
  const what = [argvOf(command, config), program, how, keyedEnvironment, WorkingDir, User, platform, epoch];
  return keyOf(key, 'RUN', ...engine, mounted.length === 0 ? what : [...what, mounted]);
}

import { afterEach } from 'vitest';
import type { FairleadError } from '../../../lib/errors.ts';
import { ScriptedRegistry } from './scripted-registry.ts';

/** Starts scripted registries that end with the test. */
export function useRegistries(): () => Promise<ScriptedRegistry> {
  const started: ScriptedRegistry[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((registry) => registry.close()));
  });
  return async () => {
    const registry = await ScriptedRegistry.start();
    started.push(registry);
    return registry;
  };
}

/** The fault that a promise is rejected with. */
export async function faultOf(promise: Promise<unknown>): Promise<FairleadError> {
  return promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error) => error,
  );
}

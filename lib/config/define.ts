import type { ConfigFile } from './types.ts';

export type { ConfigFile } from './types.ts';

/** Gives `fairlead.config.ts` its type: an editor then says what may stand where. */
export function defineConfig(config: ConfigFile): ConfigFile {
  return config;
}

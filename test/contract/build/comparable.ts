import type { ImageConfig } from '../../../lib/image/types.ts';
import type { Case } from './cases/case.ts';
import type { Files, Result } from './files.ts';

export interface Comparable {
  files: Files;
  config: Record<string, unknown>;
}

/** What two builders' images have to have in common, by platform: less what the case says they differ in. */
export function comparable(results: Record<string, Result>, one: Case): Record<string, Comparable> {
  return Object.fromEntries(
    Object.entries(results).map(([platform, { files, config }]) => [
      platform,
      {
        files: Object.fromEntries(Object.entries(files).filter(([path]) => !one.differs?.files?.test(path))),
        config: Object.fromEntries(told(config).filter(([key]) => !one.differs?.config?.includes(key))),
      },
    ]),
  );
}

// What is not set is left out by the one and written as null or [] by the other. `ArgsEscaped` is for Windows alone.
function told(config: ImageConfig): [string, unknown][] {
  const { config: run = {}, author, os, architecture, variant, history = [] } = config;
  const { ArgsEscaped: _, ...others } = run;
  const all = {
    ...others,
    author,
    os,
    architecture,
    variant,
    steps: history.filter((step) => !step.empty_layer).length,
  };
  return Object.entries(all)
    .filter(([key, value]) => isSet(value) || (key === 'Cmd' && value !== undefined && value !== null))
    .map(([key, value]) => [key, value] as [string, unknown]);
}

function isSet(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return false;
  return !Array.isArray(value) || value.length > 0;
}

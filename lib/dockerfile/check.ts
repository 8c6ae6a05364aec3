import { checkFromCasing, checkKeywordCasing } from './checks/casing.ts';
import {
  checkEmptyLines,
  checkMaintainer,
  checkOldPairs,
  checkPorts,
  checkRepeated,
  checkShellForm,
  checkWorkdir,
} from './checks/form.ts';
import { checkFromDefaults, checkFromPlatforms, checkFromVariables } from './checks/froms.ts';
import { checkSecrets, checkVariables } from './checks/variables.ts';
import type { Check, Warning } from './checks/warning.ts';
import { fault, type Position } from './faults.ts';
import { readSource } from './source.ts';
import type { Dockerfile } from './types.ts';

export type { Warning } from './checks/warning.ts';

const CHECKS: readonly Check[] = [
  checkEmptyLines,
  checkFromCasing,
  checkKeywordCasing,
  checkOldPairs,
  checkMaintainer,
  checkShellForm,
  checkRepeated,
  checkWorkdir,
  checkPorts,
  checkFromVariables,
  checkFromDefaults,
  checkFromPlatforms,
  checkSecrets,
  checkVariables,
];

/**
 * What works in a Dockerfile and is probably not meant, by line: BuildKit's build checks, as far as they can be made
 * without the base images. `# check=skip=Rule,Rule` (or `skip=all`) leaves checks out; with `# check=error=true` the
 * first warning is thrown as `dockerfile/check`. `options` (the build arg BUILDKIT_DOCKERFILE_CHECK) replaces that
 * directive. Throws `dockerfile/bad-directive` for options that are none.
 */
export function checkDockerfile(dockerfile: Dockerfile, options?: string): Warning[] {
  const source = readSource(dockerfile.lines.join('\n'), dockerfile.name);
  const written = options ?? source.directives.check ?? '';
  const { skip, isError } = readOptions(written, { file: dockerfile.name, line: 1 });
  if (skip.includes('all')) return [];
  const warnings = CHECKS.flatMap((check) => check(dockerfile, source))
    .filter(({ rule }) => !skip.includes(rule.toLowerCase()))
    .sort((a, b) => a.line - b.line);
  const [first] = warnings;
  if (first === undefined || !isError) return warnings;
  const remedy = `mend it, or write # check=skip=${first.rule}`;
  throw fault({ file: dockerfile.name, line: first.line }, 'check', first.message, remedy);
}

function readOptions(text: string, position: Position): { skip: string[]; isError: boolean } {
  const options = { skip: [] as string[], isError: false };
  for (const option of text.split(';').filter((part) => part.trim() !== '')) {
    const [name = '', value = ''] = option.split('=').map((part) => part.trim());
    if (name === 'skip') options.skip = value.split(',').map((rule) => rule.trim().toLowerCase());
    else if (name === 'error' && /^(true|false)$/i.test(value)) options.isError = /^true$/i.test(value);
    // Of the checks that BuildKit calls experimental there is none here.
    else if (name !== 'experimental') {
      const cause = `# check= knows no ${JSON.stringify(option.trim())}`;
      throw fault(position, 'bad-directive', cause, 'write # check=skip=Rule,Rule;error=true');
    }
  }
  return options;
}

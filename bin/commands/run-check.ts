import { readDockerfileOf } from '../../lib/build/input.ts';
import { checkDockerfile } from '../../lib/dockerfile/check.ts';
import type { BuildFlags } from './build.ts';
import { dockerfileOf } from './run-build.ts';
import { showError } from './show-error.ts';

/** Prints what is doubtful in the Dockerfile. Answers 1 when there is something, as `docker build --check` does. */
export async function runCheck(
  context: string,
  flags: Pick<BuildFlags, 'file' | 'buildArg'>,
): Promise<number> {
  try {
    const dockerfile = await readDockerfileOf(await dockerfileOf(context, flags));
    const warnings = checkDockerfile(dockerfile, flags.buildArg?.BUILDKIT_DOCKERFILE_CHECK);
    for (const { line, message, rule } of warnings)
      console.log(`${dockerfile.name}:${line}: ${message} (${rule})`);
    const count = `${warnings.length} ${warnings.length === 1 ? 'warning has' : 'warnings have'} been found`;
    console.log(`Check complete, ${warnings.length === 0 ? 'no warnings found' : count}.`);
    return warnings.length === 0 ? 0 : 1;
  } catch (error) {
    showError(error, (line) => console.error(line));
    return 1;
  }
}

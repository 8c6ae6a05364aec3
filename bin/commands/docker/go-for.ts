import { dirname, resolve } from 'node:path';
import { newerToolchain, oldGo } from '../../../lib/build/go/newer.ts';
import { findToolchain } from '../../../lib/build/go/toolchain.ts';
import { compareGoVersions, type GoVersion } from '../../../lib/build/go/versions.ts';
import { readDockerfileOf } from '../../../lib/build/input.ts';
import { resolveFroms } from '../../../lib/build/plan/froms.ts';
import { BuildArgs, globalValues } from '../../../lib/build/plan/scope.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { machinePlatform } from '../../../lib/image/platform.ts';
import { pairsFrom } from '../build-flags.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder of a Go that is as new as the golang images that a Dockerfile compiles in, to stand first on the PATH;
 * nothing where none is asked for. `args` are those of `docker build`. Throws `build/old-go`, `dockerfile/…`.
 */
export async function goFolderFor(
  args: readonly string[],
  environment: Environment,
): Promise<string | undefined> {
  const wanted = await wantedGo(args, environment);
  if (wanted === undefined) return undefined;
  try {
    const found = findToolchain(environment);
    if (found === undefined) throw oldGo('there is no Go here', wanted);
    return dirname((await newerToolchain(found, wanted, environment)).go);
  } catch (error) {
    if (!(error instanceof FairleadError) || error.code !== 'build/old-go') throw error;
    const remedy = `${error.fault.remedy}; or build with Docker: CDK_DOCKER=docker`;
    throw new FairleadError({ ...error.fault, remedy }, { cause: error });
  }
}

/** The newest Go that a stage with a RUN begins with. */
async function wantedGo(args: readonly string[], environment: Environment): Promise<GoVersion | undefined> {
  const valuesOf = (flags: readonly string[]) => args.filter((_, at) => flags.includes(args[at - 1] ?? ''));
  const context = args.at(-1) ?? '.';
  const [file] = valuesOf(['--file', '-f']);
  const dockerfile = await readDockerfileOf({
    context,
    ...(file === undefined ? {} : { dockerfile: resolve(context, file) }),
  });
  const pairs = pairsFrom(environment);
  const given = valuesOf(['--build-arg']).reduce((before, text) => pairs(text, before), {});
  const machine = machinePlatform();
  const globals = globalValues(dockerfile, new BuildArgs(given, { build: machine, target: machine }));
  const versions = resolveFroms(dockerfile, globals, machine).flatMap(({ base }, index) => {
    const runs = dockerfile.stages[index]?.instructions.some(({ keyword }) => keyword === 'RUN');
    return runs && base.kind === 'image' && base.golang !== undefined ? [base.golang] : [];
  });
  return versions.sort(compareGoVersions).at(-1);
}

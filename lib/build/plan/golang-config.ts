import type { Dockerfile, Stage } from '../../dockerfile/types.ts';
import { parseReference } from '../../image/reference.ts';
import type { RunConfig } from '../../image/types.ts';
import { compareGoVersions, type GoVersion, parseGoVersion } from '../go/versions.ts';
import { stageOf } from './stage-of.ts';

/** Since then the image says it (docker-library/golang, Dockerfile-linux.template). */
const SAYS_TOOLCHAIN: GoVersion = [1, 21];

/** The configuration of Docker's golang image, as far as its name tells: the version only where that is a whole one. */
export function golangConfig(image: string): RunConfig {
  const version = parseGoVersion(parseReference(image).tag ?? '') ?? [];
  const isWhole = version.length === 3;
  return {
    Env: [
      'PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...(isWhole ? [`GOLANG_VERSION=${version.join('.')}`] : []),
      ...(version.length > 1 && compareGoVersions(version, SAYS_TOOLCHAIN) >= 0 ? ['GOTOOLCHAIN=local'] : []),
      'GOPATH=/go',
    ],
    WorkingDir: '/go',
    Cmd: ['bash'],
  };
}

/** What every RUN has, whatever its base is. */
const OF_RUN = ['HOME', 'PWD', 'OLDPWD'];

/**
 * What a stage, or one on top of it, asks of the golang image's configuration and its name does not tell: a variable, as
 * `$GOLANG_VERSION`, or `ONBUILD`. Nothing where everything is known. Pure.
 */
export function askedOfGolang(dockerfile: Dockerfile, index: number, image: string): string | undefined {
  const { Env = [] } = golangConfig(image);
  // Those of long ago have instructions for whoever begins with them.
  if (/onbuild/.test(parseReference(image).tag ?? '')) return 'ONBUILD';
  const stages = familyOf(dockerfile, index);
  const instructions = stages.flatMap((stage) => stage.instructions);
  const text = instructions.map(({ line, endLine }) => dockerfile.lines.slice(line - 1, endLine).join('\n'));
  const declared = instructions.flatMap((one) => {
    if (one.keyword === 'ENV') return one.pairs.map(([name]) => name);
    // Without a value it is the base's again.
    return one.keyword === 'ARG' ? one.args.map(({ name }) => name).filter((name) => !/^GO/.test(name)) : [];
  });
  const known = new Set([...declared, ...OF_RUN, ...Env.map((entry) => entry.slice(0, entry.indexOf('=')))]);
  const asked = text.flatMap((lines) => {
    const assigned = [...lines.matchAll(/\b([A-Za-z_]\w*)=/g)].map(([, name = '']) => name);
    const named = [...lines.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name = '']) => name);
    return named.filter((name) => !known.has(name) && !assigned.includes(name));
  });
  return asked.length === 0 ? undefined : `$${asked[0]}`;
}

/** A stage and those that begin with it, which have its variables. */
function familyOf(dockerfile: Dockerfile, index: number): Stage[] {
  const family = new Set([index]);
  for (const stage of dockerfile.stages) {
    const base = stageOf(stage.from.image, stage.index, dockerfile);
    if (base !== undefined && family.has(base)) family.add(stage.index);
  }
  return dockerfile.stages.filter((stage) => family.has(stage.index));
}

import { expand } from '../../dockerfile/expand.ts';
import { fault, type Position } from '../../dockerfile/faults.ts';
import type { Dockerfile, Stage } from '../../dockerfile/types.ts';
import { parsePlatform } from '../../image/platform.ts';
import { parseReference } from '../../image/reference.ts';
import type { Platform } from '../../image/types.ts';
import { golangVersion } from '../go/versions.ts';
import type { Named } from './contexts.ts';
import type { Base, ResolvedFrom } from './plan.ts';
import { stageOf } from './stage-of.ts';

/** Replaces the variables of each FROM, and tells stages from images. Throws `dockerfile/…` at the FROM's line. */
export function resolveFroms(
  dockerfile: Dockerfile,
  globals: ReadonlyMap<string, string>,
  target: Platform,
  named?: Named,
): ResolvedFrom[] {
  const froms: ResolvedFrom[] = [];
  for (const stage of dockerfile.stages) {
    const position = { file: dockerfile.name, line: stage.from.line };
    const lookup = (name: string) => globals.get(name);
    const word = (text: string) => expand(text, lookup, dockerfile.escapeChar, position);
    const base = baseOf(word(stage.from.image), stage, dockerfile, named);
    const asked = stage.from.platform === undefined ? '' : word(stage.from.platform);
    const inherited = base.kind === 'stage' ? froms[base.index]?.platform : undefined;
    const platform = asked === '' ? (inherited ?? target) : platformAt(asked, position);
    froms.push({ base, platform });
  }
  return froms;
}

function platformAt(text: string, position: Position): Platform {
  try {
    return parsePlatform(text);
  } catch {
    const cause = `--platform is ${JSON.stringify(text)}`;
    throw fault(position, 'bad-flag', cause, 'write it like linux/amd64 or linux/arm/v7');
  }
}

function baseOf(image: string, stage: Stage, dockerfile: Dockerfile, named: Named | undefined): Base {
  const position = { file: dockerfile.name, line: stage.from.line };
  if (image === '') {
    const cause = `the image of FROM ${stage.from.image} is empty`;
    throw fault(position, 'bad-argument', cause, 'give its ARG a default, or pass --build-arg');
  }
  if (image === 'scratch') return { kind: 'scratch' };
  const index = /^\d+$/.test(image) ? undefined : stageOf(image, stage.index, dockerfile);
  if (index !== undefined) return { kind: 'stage', index };
  try {
    parseReference(image);
  } catch (error) {
    throw fault(position, 'bad-reference', (error as Error).message);
  }
  if (named?.directories.has(image) === true) {
    const cause = `${image} is a directory, and FROM begins with an image`;
    throw fault(position, 'bad-reference', cause, 'COPY --from it');
  }
  const golang = golangVersion(named?.aliases.get(image) ?? image);
  return { kind: 'image', reference: image, ...(golang === undefined ? {} : { golang }) };
}

/** The stage that `--target` names, by name or number; without it the last one. Throws `dockerfile/unknown-target`. */
export function targetStage(dockerfile: Dockerfile, target: string | undefined): number {
  const { stages, name } = dockerfile;
  if (target === undefined) return stages.length - 1;
  const found = stageOf(target, stages.length, dockerfile);
  if (found !== undefined) return found;
  const names = stages.flatMap((stage) => stage.name ?? []).join(', ') || 'none has a name';
  throw fault(
    { file: name, line: 1 },
    'unknown-target',
    `no stage is called ${target}`,
    `the stages are: ${names}`,
  );
}

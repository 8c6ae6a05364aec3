import { machinePlatform, renderPlatform, runsOn } from '../../image/platform.ts';
import type { Platform } from '../../image/types.ts';
import type { BuildOptions } from '../build.ts';
import { findToolchain, probeToolchain } from '../go/toolchain.ts';
import { goDirective, requiresModules } from '../go/versions.ts';
import { readInput } from '../input.ts';
import { resolveFroms, targetStage } from './froms.ts';
import { planStages } from './plan.ts';
import { BuildArgs, globalValues } from './scope.ts';

/** A line of the Dockerfile that cannot be carried out without a sandbox. */
export interface Need {
  /** As people know it: `RUN apt-get update …`, on one line and cut to a bearable length. */
  instruction: string;
  /** Of the Dockerfile, from 1. */
  line: number;
  /** The Dockerfile's name, for people. */
  file: string;
  why: string;
  /** What the line has to run on. */
  platform: Platform;
}

/** What a build asks of whoever carries it out. */
export interface BuildFacts {
  /** What the image is for. */
  target: Platform;
  /** The lines that want a sandbox, where BUILDPLATFORM is `build`. */
  needs(build: Platform): readonly Need[];
}

const LONGEST_INSTRUCTION = 60;

/**
 * Reads what a build needs, from its Dockerfile and the names in its context alone: nothing is pulled, run or kept.
 * Throws FairleadError `dockerfile/…`, `build/…`, as the build would.
 */
export async function readFacts(options: BuildOptions): Promise<BuildFacts> {
  const input = await readInput(options);
  const found = options.toolchain ?? findToolchain({});
  const toolchain = found === undefined ? undefined : await probeToolchain(found);
  const directive = goDirective(input.goMod);
  const { dockerfile } = input;
  const target = options.platform ?? machinePlatform();
  const needs = (build: Platform): Need[] => {
    const args = new BuildArgs(options.buildArgs ?? {}, { build, target });
    const globals = globalValues(dockerfile, args, options.target);
    const froms = resolveFroms(dockerfile, globals, target, input);
    const plans = planStages({
      dockerfile,
      froms,
      target: targetStage(dockerfile, options.target),
      requiresModules: requiresModules(input.goMod),
      abilities: toolchain === undefined ? {} : { go: toolchain.version },
      ...(directive === undefined ? {} : { goDirective: directive }),
    });
    return plans.flatMap(({ reasons, from }) =>
      reasons.map(({ line, why }) => ({
        instruction: instructionAt(dockerfile.lines, line),
        line,
        file: dockerfile.name,
        why,
        platform: from.platform,
      })),
    );
  };
  // What is wrong with the Dockerfile shows here and now, not when somebody asks.
  needs(machinePlatform());
  return { target, needs };
}

/** The first of `needs` that runs on something else than `machine`, with the reason in words. */
export function whyNotOn(needs: readonly Need[], machine: Platform): string | undefined {
  const foreign = needs.find(({ platform }) => !runsOn(platform, machine));
  if (foreign === undefined) return undefined;
  const { instruction, file, line, platform } = foreign;
  return `${instruction} (${file}:${line}) is for ${renderPlatform(platform)}, and it is ${renderPlatform(machine)}`;
}

function instructionAt(lines: readonly string[], line: number): string {
  const text = (lines[line - 1] ?? '').replace(/\s+/g, ' ').trim();
  return text.length > LONGEST_INSTRUCTION ? `${text.slice(0, LONGEST_INSTRUCTION - 1)}…` : text;
}

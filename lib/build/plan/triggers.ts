import { parseTriggers } from '../../dockerfile/triggers.ts';
import type { Dockerfile, RunInstruction, Stage } from '../../dockerfile/types.ts';
import type { ResolvedFrom } from './plan.ts';

/**
 * The Dockerfile with the ONBUILD triggers of its own stages written out in the stages that begin with them. What a
 * trigger does is not handed on further. Throws `dockerfile/…` at the FROM.
 */
export function withStageTriggers(dockerfile: Dockerfile, froms: readonly ResolvedFrom[]): Dockerfile {
  const stages = dockerfile.stages.map((stage): Stage => {
    const base = froms[stage.index]?.base;
    const below = base?.kind === 'stage' ? (dockerfile.stages[base.index]?.instructions ?? []) : [];
    const triggers = below.flatMap((it) => (it.keyword === 'ONBUILD' ? [it.trigger] : []));
    if (triggers.length === 0) return stage;
    const own = parseTriggers(triggers, stage.from, dockerfile.name);
    return { ...stage, instructions: [...own, ...stage.instructions] };
  });
  return { ...dockerfile, stages };
}

/** The Dockerfile with a network in every RUN that names none. */
export function withNetwork(dockerfile: Dockerfile, network: RunInstruction['network']): Dockerfile {
  if (network === undefined || network === 'default') return dockerfile;
  const stages = dockerfile.stages.map((stage): Stage => {
    const instructions = stage.instructions.map((it) => (it.keyword === 'RUN' ? { network, ...it } : it));
    return { ...stage, instructions };
  });
  return { ...dockerfile, stages };
}

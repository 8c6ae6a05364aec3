import { assembleImage } from '../../image/assemble.ts';
import type { Image } from '../../image/types.ts';
import type { BuildOptions } from '../build.ts';
import { type Finding, isSame, PlanChanged } from '../plan/finding.ts';
import type { Engine, StagePlan } from '../plan/plan.ts';
import type { Shared } from '../shared.ts';
import { beginStage } from './begin.ts';
import { sideBySide } from './side-by-side.ts';
import { buildStage } from './stage.ts';
import type { StageState } from './stage-state.ts';

/** What a stage came to, and in which engine. */
export type Finished = Map<number, { engine: Engine; state: StageState }>;

/** Plans and builds until nothing shows any more that changes the plan; every time one thing more is known. */
export async function untilPlanHolds(
  attempt: (findings: readonly Finding[], finished: Finished) => Promise<Image>,
): Promise<Image> {
  const findings: Finding[] = [];
  const finished: Finished = new Map();
  for (;;) {
    try {
      return await attempt(findings, finished);
    } catch (error) {
      if (!(error instanceof PlanChanged)) throw error;
      const { finding } = error;
      if (findings.some((known) => isSame(known, finding)))
        throw new Error(`the plan holds ${error.message} already`);
      findings.push(finding);
    }
  }
}

/** Builds the stages side by side, each after those that it takes from; what is `finished` already is kept. */
export async function buildStages(
  plans: readonly StagePlan[],
  common: Omit<Shared, 'signal'>,
  finished: Finished,
  options: BuildOptions,
): Promise<Image> {
  const stages = new Map<number, StageState>();
  for (const [index, { engine, state }] of finished) {
    if (plans.some((plan) => plan.stage.index === index && plan.engine === engine)) stages.set(index, state);
  }
  await sideBySide((signal) => {
    common.bases.until(signal);
    const shared: Shared = { ...common, signal };
    return plans
      .filter(({ stage }) => !stages.has(stage.index))
      .map((plan) => {
        const begin = beginStage({ shared, plan }, stages);
        return {
          id: plan.stage.index,
          needs: plan.after,
          run: async () => {
            const state = await buildStage({ shared, plan }, await begin(), stages);
            stages.set(plan.stage.index, state);
            finished.set(plan.stage.index, { engine: plan.engine, state });
          },
        };
      });
  }, options.signal);
  common.hashes.save();
  for (const name of common.args.unused()) {
    common.onProgress({ type: 'notice', message: `the build arg ${name} is not used by the Dockerfile` });
  }
  return finish(stages.get(plans.at(-1)?.stage.index ?? -1) as StageState, common.epoch, options);
}

async function finish(
  state: StageState,
  epoch: number,
  { labels, annotations }: BuildOptions,
): Promise<Image> {
  const { platform, history, author } = state;
  const created = new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
  const config =
    labels === undefined ? state.config : { ...state.config, Labels: { ...state.config.Labels, ...labels } };
  const described = { created, ...platform, config, history, ...(author === undefined ? {} : { author }) };
  const layers = await Promise.all(state.layers);
  return assembleImage({ config: described, layers, ...(annotations === undefined ? {} : { annotations }) });
}

import { parseTriggers } from '../../dockerfile/triggers.ts';
import { FairleadError } from '../../errors.ts';
import type { ImageConfig, RunConfig } from '../../image/types.ts';
import { atInstruction, atLine } from '../failure.ts';
import { compareGoVersions, renderGoVersion } from '../go/versions.ts';
import { PlanChanged } from '../plan/finding.ts';
import { askedOfGolang, golangConfig } from '../plan/golang-config.ts';
import { meantStage } from '../plan/meant.ts';
import type { Base } from '../plan/plan.ts';
import type { StageInput } from '../shared.ts';
import { keyOf } from '../store/store.ts';
import { Tree } from '../tree.ts';
import { golangSkeleton } from './skeleton.ts';
import { stageName, stepCount, tellStep } from './stage.ts';
import { type Beginning, inherited, type StageState, scratchBeginning } from './stage-state.ts';

type ImageBase = Base & { kind: 'image' };

/**
 * Starts to look for a stage's base, and answers a function that waits for it: bases are resolved while the stages
 * before are built.
 */
export function beginStage(
  input: StageInput,
  stages: ReadonlyMap<number, StageState>,
): () => Promise<Beginning> {
  const { base, platform } = input.plan.from;
  if (base.kind === 'scratch') return () => told(input, async () => scratchBeginning(platform));
  if (base.kind === 'stage') {
    return () => told(input, async () => stages.get(base.index) as StageState);
  }
  const beginning = fromImage(input, base);
  beginning.catch(() => {});
  return () => told(input, () => beginning);
}

async function told(input: StageInput, wait: () => Promise<Beginning>): Promise<Beginning> {
  const { text: instruction, line } = input.plan.stage.from;
  const label = {
    stage: stageName(input.plan),
    number: 1,
    total: stepCount(input.plan),
    instruction,
    line,
  };
  let beginning: Beginning | undefined;
  await tellStep(input, label, async () => {
    noticeNewerGo(input);
    beginning = await wait();
    return false;
  });
  return beginning as Beginning;
}

function noticeNewerGo({ shared, plan }: StageInput): void {
  const { base } = plan.from;
  const { toolchain } = shared;
  if (base.kind !== 'image' || base.golang === undefined || toolchain === undefined) return;
  if (plan.engine !== 'function' || compareGoVersions(toolchain.version, base.golang) <= 0) return;
  const asked = renderGoVersion(base.golang);
  const message = `Go ${renderGoVersion(toolchain.version)} builds what asks for ${asked} (FROM ${base.reference})`;
  shared.onProgress({ type: 'notice', message, line: plan.stage.from.line });
}

async function fromImage(input: StageInput, base: ImageBase): Promise<Beginning> {
  const { shared, plan } = input;
  const { platform } = plan.from;
  try {
    if (plan.need === 'configuration if reachable') return await unneededGolang(input, base);
    const image = await shared.bases.image(base.reference, platform);
    obeyTriggers(image.config, input);
    const { config: _, ...common } = inherited(image.config);
    const isIndexed = plan.need === 'index' || plan.need === 'files';
    const isGolang = base.golang !== undefined && !isIndexed;
    return {
      ...common,
      config: image.config.config ?? {},
      layers: image.layers.map(async (layer) => layer),
      key: keyOf('image', image.digest),
      platform,
      image,
      tree: isIndexed ? await shared.bases.tree(image) : isGolang ? golangSkeleton() : new Tree(),
      ...(isGolang ? { wholeBase: () => shared.bases.tree(image) } : {}),
    };
  } catch (error) {
    throw await atFrom(error, input);
  }
}

/**
 * A golang base of which nothing ends up in the image: its configuration if it is to be had, else what its name tells,
 * where the stage asks for no more. So the result is the same whether a registry answers or not.
 */
async function unneededGolang(input: StageInput, base: ImageBase): Promise<Beginning> {
  const { shared, plan } = input;
  const { platform } = plan.from;
  const config = await golangConfiguration(input, base);
  return {
    config,
    tree: golangSkeleton(),
    layers: [],
    history: [],
    key: keyOf('golang', base.reference, config, platform),
    platform,
    wholeBase: async () => shared.bases.tree(await shared.bases.image(base.reference, platform)),
  };
}

async function golangConfiguration({ shared, plan }: StageInput, base: ImageBase): Promise<RunConfig> {
  const { reference } = base;
  const { platform } = plan.from;
  const { index, from } = plan.stage;
  if (askedOfGolang(shared.dockerfile, index, reference) !== undefined) {
    const { config } = await shared.bases.image(reference, platform);
    obeyTriggers(config, { shared, plan });
    return config.config ?? {};
  }
  const reached = await shared.bases.configurationIfReachable(reference, platform);
  if ('config' in reached) {
    obeyTriggers(reached.config, { shared, plan });
    return reached.config.config ?? {};
  }
  const message = `${reference} was not looked up, and is taken to be as usual, since nothing of it is in the image (${reached.why})`;
  shared.onProgress({ type: 'notice', message, line: from.line });
  return golangConfig(reference);
}

/** What a base wants done on top of it may need stages, files and another engine: everything is planned with it. */
function obeyTriggers({ config }: ImageConfig, { shared, plan }: StageInput): void {
  const triggers = config?.OnBuild ?? [];
  const { index, from } = plan.stage;
  const isKnown = shared.findings.some(({ kind, stage }) => kind === 'triggers' && stage === index);
  if (triggers.length === 0 || isKnown) return;
  const instructions = parseTriggers(triggers, from, shared.dockerfile.name);
  throw new PlanChanged({ kind: 'triggers', stage: index, instructions });
}

/** A base that cannot be had, at its FROM. */
async function atFrom(error: unknown, { shared, plan }: StageInput): Promise<unknown> {
  const { dockerfile } = shared;
  if (!(error instanceof FairleadError)) return error;
  const { from, index } = plan.stage;
  if (error.fault.place?.startsWith(dockerfile.name) === true) return atLine(error, dockerfile);
  const { place, cause, ...fault } = error.fault;
  const { base } = plan.from;
  const isMissing = error.code === 'registry/not-found' && base.kind === 'image';
  const meantTag = async () => (isMissing ? shared.bases.meantTag(base.reference) : undefined);
  const told = `the base image ${from.image} cannot be had: ${cause}${place === undefined ? '' : ` (${place})`}`;
  return atInstruction(
    new FairleadError({ ...fault, cause: told }, { cause: error }),
    from,
    dockerfile,
    meantStage(from.image, index, dockerfile) ?? (await meantTag()),
  );
}

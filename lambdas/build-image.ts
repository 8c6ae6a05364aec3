import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ECRClient } from '@aws-sdk/client-ecr';
import type { Context } from 'aws-lambda';
import { parseAppFile } from '../lib/app/file.ts';
import { findToolchain } from '../lib/build/go/toolchain.ts';
import { readFacts } from '../lib/build/plan/needs.ts';
import type { BuildAnswer, BuildRequest } from '../lib/build/request.ts';
import { type Choice, chooseEngine } from '../lib/engine/choose.ts';
import { buildCommit, type Commit, fetchCommit } from '../lib/engine/commit.ts';
import { failedAnswer } from '../lib/engine/failed-answer.ts';
import { jobName } from '../lib/engine/job-name.ts';
import { nobodyBuilds, withNeed } from '../lib/engine/late-need.ts';
import { type Recourse, recourseAfter } from '../lib/engine/recourse.ts';
import type { BuildEvent, EngineName, RemoteEngine, RemoteJob } from '../lib/engine/types.ts';
import { FairleadError } from '../lib/errors.ts';
import { machinePlatform, parsePlatform, renderPlatform } from '../lib/image/platform.ts';
import type { Platform } from '../lib/image/types.ts';
import { about } from '../lib/log.ts';
import { findTools } from '../lib/manifests/tools.ts';
import { ecrCredentials } from '../lib/registry/ecr.ts';
import { Registries } from '../lib/registry/registries.ts';
import { tell } from '../lib/report/story.ts';
import type { Access } from '../lib/source/forge.ts';
import { remoteEngines } from './build-image/engines.ts';
import { manifestsIn, withManifests } from './build-image/manifests.ts';
import { measured } from './build-image/measured.ts';
import { tellBuild, tellFailure } from './build-image/tell.ts';
import { awsEnvironment, buildImageEnvironment } from './env.ts';
import { Forges } from './forges.ts';

const environment = buildImageEnvironment();
const aws = awsEnvironment();
// Git itself is loaded when it is asked for a commit: other hosts send archives.
const checkOut: Access['checkOut'] = async (...asked) =>
  (await import('../lib/source/codecommit/checkout.ts')).checkOut(...asked);
const forges = new Forges(environment.hosts, aws, checkOut);
const credentials = ecrCredentials(new ECRClient({}));
// Kept while the function's environment lives: it remembers tokens.
const registries = new Registries({
  mirrors: environment.mirrors,
  insecure: environment.insecure,
  credentials,
  network: environment.network,
});
const cacheDir = environment.cacheDirectory ?? join(tmpdir(), 'fairlead-cache');
const toolchain = findToolchain(environment.go);
const tools = findTools(environment.go.PATH);
const engines = remoteEngines(environment, { aws, forges, credentials, registries });

/** ms that are left when a build is broken off here: it may have to be handed over. */
const SPARE = 30_000;
/**
 * ms that a build which somebody else carries out is followed: at first as long as most take in a VM that is warm, and
 * then for one look, as the function deploy sleeps between looks at no cost.
 */
const FIRST_LOOK = 12_000;
const LOOK = 3_000;

/** Builds a commit's image and publishes it, or has it built. Temporary faults are thrown, for another try. */
export async function handler(request: BuildRequest, context: Context): Promise<BuildAnswer> {
  const { subject } = request;
  about(subject);
  const started = Date.now();
  const left = Math.max(1, context.getRemainingTimeInMillis() - SPARE);
  const told = (answer: BuildAnswer) => {
    if (answer.outcome === 'failed') tellFailure(subject, answer, started);
    return answer;
  };
  try {
    return told(await answerTo(request, new Date(started + left)));
  } catch (error) {
    if (!(error instanceof FairleadError) || error.temporary) throw error;
    return told(failedAnswer(error));
  }
}

async function answerTo(request: BuildRequest, until: Date): Promise<BuildAnswer> {
  const { continues } = request;
  const forge = forges.of(request.repository.host);
  const engine = engines.find(({ name }) => name === continues?.engine);
  const refused: Refused = { by: new Map() };
  if (continues !== undefined && engine !== undefined) {
    const job = jobOf(request, parsePlatform(continues.platform));
    try {
      return await withManifests(await follow(job, engine, continues.id, LOOK), request, forge, tools);
    } catch (error) {
      // It goes on elsewhere, as one does that was refused at once.
      const recourse = recourseAfter(error, { choice: { is: 'remote', engine, because: '' } });
      if (recourse.is !== 'pass-over') throw error;
      note(refused, recourse, error);
    }
  }
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-commit-'));
  try {
    const onEvent = (event: BuildEvent) => tellBuild(request.subject, event);
    const commit = await fetchCommit(request, forge, directory, onEvent);
    // First of all: what is wrong with them is known in a second, and no image would help.
    const manifests = await manifestsIn(commit, request, tools, (notice) =>
      tell(request.subject, 'build.notice', notice, {}),
    );
    const answer = await buildSomewhere(request, commit, until, onEvent, refused);
    return answer.outcome === 'built' && manifests !== undefined ? { ...answer, manifests } : answer;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const shared = {
  cacheDir,
  network: environment.network,
  ...(toolchain === undefined ? {} : { toolchain }),
};

/** Who did not build it, and why; `exhausted` is the error of one that had too little for it. */
interface Refused {
  by: Map<EngineName, string>;
  exhausted?: FairleadError;
}

function note(refused: Refused, { engine, why }: Recourse & { is: 'pass-over' }, error: unknown): void {
  refused.by.set(engine, why);
  if (error instanceof FairleadError && error.code === 'engine/exhausted') refused.exhausted = error;
}

/** Where it is built is decided before anything is done; an engine that has no room leaves it to the next one. */
async function buildSomewhere(
  request: BuildRequest,
  commit: Commit,
  until: Date,
  onEvent: (event: BuildEvent) => void,
  refused: Refused,
): Promise<BuildAnswer> {
  const machine = machinePlatform();
  const said = parseAppFile(commit.appFile ?? '');
  const { engine: pinned } = said;
  const platform = parsePlatform(said.platform ?? environment.platform ?? renderPlatform(machine));
  const settings = { ...shared, platform };
  let facts = await readFacts({ ...settings, context: commit.directory, registries });
  for (;;) {
    const input = {
      facts,
      machine,
      engines,
      refused: refused.by,
      ...(pinned === undefined ? {} : { pinned }),
    };
    const choice = chooseEngine(input);
    if (choice.is === 'none')
      throw nobodyBuilds(facts.needs(machine)[0], choice.why, refused.by, refused.exhausted);
    const limit = Math.max(1, until.getTime() - Date.now());
    const signal = AbortSignal.timeout(limit);
    try {
      if (choice.is === 'remote') return await handOver(jobOf(request, platform), choice);
      const here = { ...settings, registries, engines: ['function' as const], signal };
      return measured('function', request, await buildCommit(commit, request, here, onEvent));
    } catch (error) {
      const recourse = recourseAfter(error, {
        choice,
        pinned,
        cutOffAfter: signal.aborted ? limit : undefined,
      });
      if (recourse.is === 'none') throw error;
      if (recourse.is === 'pass-over') note(refused, recourse, error);
      else facts = withNeed(facts, recourse.need);
    }
  }
}

async function handOver(
  job: RemoteJob,
  { engine, because }: Choice & { is: 'remote' },
): Promise<BuildAnswer> {
  const { id } = await engine.start(job);
  tell(job.request.subject, 'build.engine', because, { engine: engine.name });
  return await follow(job, engine, id, FIRST_LOOK);
}

async function follow(job: RemoteJob, engine: RemoteEngine, id: string, ms: number): Promise<BuildAnswer> {
  const onEvent = (event: BuildEvent) => tellBuild(job.request.subject, event);
  const followed = await engine.follow(job, id, onEvent, new Date(Date.now() + ms));
  if (followed.state === 'ended') return measured(engine.name, job.request, followed.answer);
  const platform = renderPlatform(job.platform);
  return { outcome: 'building', engine: engine.name, id: followed.id, platform };
}

function jobOf(request: BuildRequest, platform: Platform): RemoteJob {
  return { name: jobName(request), request, platform };
}

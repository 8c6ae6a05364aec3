import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestsOf } from '../../lib/app/decide.ts';
import { parseAppFile } from '../../lib/app/file.ts';
import type { BuildAnswer, BuildRequest } from '../../lib/build/request.ts';
import { type Commit, fetchCommit, type Source } from '../../lib/engine/commit.ts';
import { pack } from '../../lib/manifests/pack.ts';
import { readManifests } from '../../lib/manifests/read.ts';
import type { Tools } from '../../lib/manifests/types.ts';

type Manifests = NonNullable<Extract<BuildAnswer, { outcome: 'built' }>['manifests']>;
type Notify = (notice: string) => void;

/**
 * The app's own manifests in a commit, rendered; undefined where its fairlead.yaml names none.
 * @throws FairleadError `manifests/…`
 */
export async function manifestsIn(
  { directory, appFile }: Commit,
  { subject, environment }: BuildRequest,
  tools: Tools,
  notify: Notify,
): Promise<Manifests | undefined> {
  const said = saidIn(appFile, environment);
  if (said === undefined || environment === undefined) return undefined;
  const { app } = subject;
  const own = await readManifests(directory, said, { app, namespace: environment.namespace, tools });
  const objects = pack(own.objects, 'manifests');
  own.notices.forEach(notify);
  return { objects };
}

/**
 * The answer of a build that somebody else carried out, with the app's own manifests: they are read from the commit once
 * more, as nothing is kept of it between two looks.
 */
export async function withManifests(
  answer: BuildAnswer,
  request: BuildRequest,
  source: Source,
  tools: Tools,
): Promise<BuildAnswer> {
  if (answer.outcome !== 'built' || saidIn(answer.appFile, request.environment) === undefined) return answer;
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-commit-'));
  try {
    // What there is to say of it was said when the build began.
    const commit = await fetchCommit(request, source, directory, () => {});
    const manifests = await manifestsIn(commit, request, tools, () => {});
    return manifests === undefined ? answer : { ...answer, manifests };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function saidIn(appFile: string | undefined, environment: BuildRequest['environment']) {
  return manifestsOf(parseAppFile(appFile ?? ''), environment?.name);
}

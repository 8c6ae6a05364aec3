import type { DurableContext } from '@aws/durable-execution-sdk-js';
import type { BuildAnswer, BuildRequest } from '../../lib/build/request.ts';
import { repositoryFor } from '../../lib/engine/repositories.ts';
import type { Push } from '../../lib/push/types.ts';
import { tell } from '../../lib/report/story.ts';
import { looks } from './looks.ts';
import { invoke, pause, step } from './patience.ts';
import { environment, environmentOf, ledger, repositoryOf, subjectOf } from './services.ts';

/** The commit that is deployed, and the right to do so. */
export interface Claim {
  commit: string;
  fence: number;
}

type Ended = Exclude<BuildAnswer, { outcome: 'building' }>;

/** Seconds between tries while the builder has no room for another build: a quarter of an hour in all, then it fails. */
const ROOM = [1, 2, 3, 5, 10, 20, 30, ...Array<number>(14).fill(60)];

/** Has the image built and published. A function that breaks is given more tries, while the claim is the newest. */
export async function buildImage(
  context: DurableContext,
  push: Push,
  { commit, fence }: Claim,
): Promise<Ended | { outcome: 'superseded'; by: string }> {
  const subject = subjectOf(push, commit);
  let request: BuildRequest = {
    subject,
    repository: { host: push.host, ...repositoryOf(push) },
    publishTo: repositoryFor(environment.imageRepositoryPrefix, push.app, push.environment),
    tags: [commit],
    environment: push.environment,
    fence,
  };
  const renewed = async () => {
    const claim = await ledger.renew(environmentOf(push), fence);
    return claim.is === 'superseded' ? claim.by.commit : undefined;
  };
  let pauses = looks();
  const room = [...ROOM];
  for (;;) {
    const call = { name: 'build', target: environment.buildFunction, request, delays: [2, 8], room };
    const built = await invoke<BuildRequest, BuildAnswer, string>(context, call, (fault) =>
      step(context, 'renew', async () => {
        tell(subject, 'deploy.notice', `the builder gave no answer (${fault}); trying again`, {});
        return await renewed();
      }),
    );
    if (built.is !== 'answered') return { outcome: 'superseded', by: built.reason };
    if (built.answer.outcome !== 'building') return built.answer;
    const by = await step(context, 'renew', renewed);
    if (by !== undefined) return { outcome: 'superseded', by };
    const { engine, id, platform } = built.answer;
    // One that another engine had too little for begins anew.
    if (engine !== request.continues?.engine) pauses = looks();
    request = { ...request, continues: { engine, id, platform } };
    const seconds = pauses.next();
    if (seconds.done) break;
    await pause(context, 'for the build', seconds.value);
  }
  const reason = 'the build took too long: it was followed for 85 minutes';
  return { outcome: 'failed', blame: 'elsewhere', reason, details: '' };
}

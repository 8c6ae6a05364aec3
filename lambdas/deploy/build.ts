import type { DurableContext } from '@aws/durable-execution-sdk-js';
import type { BuildAnswer, BuildRequest } from '../../lib/build/request.ts';
import type { Push } from '../../lib/push/types.ts';
import { tell } from '../../lib/report/story.ts';
import { invoke, step } from './patience.ts';
import { environment, environmentOf, ledger, repositoryOf, subjectOf } from './services.ts';

/** The commit that is deployed, and the right to do so. */
export interface Claim {
  commit: string;
  fence: number;
}

/** Has the image built and published. A function that breaks is given more tries, while the claim is the newest. */
export async function buildImage(
  context: DurableContext,
  push: Push,
  { commit, fence }: Claim,
): Promise<BuildAnswer | { outcome: 'superseded'; by: string }> {
  const subject = subjectOf(push, commit);
  const request: BuildRequest = {
    subject,
    repository: repositoryOf(push),
    publishTo: `${environment.imageRepositoryPrefix}/${push.app}`,
    tags: [commit],
  };
  const call = { name: 'build', target: environment.buildFunction, request, delays: [2, 8] };
  const built = await invoke<BuildRequest, BuildAnswer, string>(context, call, (fault) =>
    step(context, 'renew', async () => {
      tell(subject, 'deploy.notice', `the builder broke off (${fault}); trying again`, {});
      const renewed = await ledger.renew(environmentOf(push), fence);
      return renewed.is === 'superseded' ? renewed.by.commit : undefined;
    }),
  );
  return built.is === 'answered' ? built.answer : { outcome: 'superseded', by: built.reason };
}

import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { isPreview, placeOf } from '../../lib/push/place.ts';
import type { Examine, Recover } from '../../lib/push/request.ts';
import type { RecoveryAnswer, RecoveryRequest } from '../../lib/rollout/request.ts';
import type { Sighted } from '../../lib/rollout/survey.ts';
import { invoke } from './patience.ts';
import { environment as settings, subjectOf } from './services.ts';

/** Every environment that the cluster knows of, and the namespaces that could not be looked into. */
export async function surveyAll(context: DurableContext, { delivery }: Recover | Examine) {
  const sighted: Sighted[] = [];
  const unread: string[] = [];
  let after: string | undefined;
  do {
    const subject = subjectOf({ delivery, app: '' }, '');
    const answer = await ask(context, { do: 'survey', subject, ...(after !== undefined && { after }) });
    if (answer.state !== 'surveyed') throw new Error('the roll-out function answered another question');
    sighted.push(...answer.survey.environments.filter(isAtHome));
    unread.push(...answer.survey.unread);
    after = answer.survey.next;
  } while (after !== undefined);
  return { sighted, unread };
}

/** Asks the roll-out function what changes nothing. */
export async function ask(context: DurableContext, request: RecoveryRequest): Promise<RecoveryAnswer> {
  const call = { name: request.do, target: settings.rolloutFunction, request, delays: [2, 5, 15] };
  const asked = await invoke<RecoveryRequest, RecoveryAnswer, never>(context, call, async () => undefined);
  if (asked.is === 'stopped') throw new Error('nobody stops a survey');
  return asked.answer;
}

/** An inventory in a namespace that is not the environment's: somebody else's, who wants to be taken for it. */
function isAtHome({ app, environment, namespace }: Sighted): boolean {
  return isPreview({ name: environment })
    ? namespace === `${app}--${environment.slice('preview-'.length)}`
    : namespace === placeOf(app, environment).namespace;
}

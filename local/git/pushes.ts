import type { Activities } from './activities.ts';
import type { Answer, Deliveries, Delivery } from './deliveries.ts';
import type { Dialect } from './dialects/dialect.ts';
import type { Git } from './git.ts';
import type { Pulls } from './pulls.ts';
import type { Repository } from './repositories.ts';
import type { OnPush } from './smart-http.ts';
import type { Stories, Story } from './stories.ts';
import { terminalLines } from './terminal.ts';
import { isNone, type RefUpdate } from './updates.ts';

interface Parts {
  git: Git;
  deliveries: Deliveries;
  stories: Stories;
  dialect: Dialect;
  /** The host's own address. */
  url: string;
  pulls: Pulls;
  activities: Activities;
  /** How long a push watches its deployment. Milliseconds. */
  patience: number;
}

interface Push {
  update: RefUpdate;
  delivery: Delivery;
  story: Story;
  answer: Promise<Answer>;
}

/** What follows an accepted push: a webhook for each ref, all at once, and their stories, ref by ref. */
export function onPushTo(parts: Parts, repository: Repository): OnPush {
  return async (updates, say, gone) => {
    parts.activities.note(repository.name, updates);
    await parts.pulls.follow(repository, updates);
    if (repository.parent !== undefined) {
      // The webhook is the parent's: it hears of pull requests, not of what is pushed here.
      say(`${repository.name} is a fork of ${repository.parent}: nothing is deployed from it`);
      return;
    }
    const { git, url, dialect } = parts;
    const events = await Promise.all(
      updates.map((update) => dialect.event({ git, url, repository, update, together: updates })),
    );
    const pushes = updates.flatMap((update, index) => {
      const event = events[index];
      return event === undefined ? [] : announce(parts, repository, update, event, say);
    });
    const stop = (why: string) => {
      for (const { story } of pushes) story.close(why);
    };
    const minutes = Math.round(parts.patience / 60_000);
    const limit = setTimeout(
      () => stop(`Not settled after ${minutes} min; this push stops watching, the deployment goes on`),
      parts.patience,
    );
    const leave = () => stop('The pusher hung up');
    gone.addEventListener('abort', leave);
    if (gone.aborted) leave();
    try {
      for (const push of await refusedFirst(pushes)) await tell(parts, repository.name, push, say);
    } finally {
      clearTimeout(limit);
      gone.removeEventListener('abort', leave);
      stop('It was told');
    }
  };
}

/** Stories last, so that a push ends with what became of the deployment and not with what was ignored beside it. */
async function refusedFirst(pushes: readonly Push[]): Promise<Push[]> {
  const answers = await Promise.all(pushes.map(({ answer }) => answer));
  const accepted = (_: Push, index: number) => isAccepted(answers[index] as Answer);
  return [...pushes.filter((push, index) => !accepted(push, index)), ...pushes.filter(accepted)];
}

function announce(
  { deliveries, stories }: Parts,
  repository: Repository,
  update: RefUpdate,
  { event, payload }: { event: string; payload: unknown },
  say: (line: string) => void,
): Push[] {
  const told = deliveries.told(repository.name, event);
  if (told.length === 0) say(`No webhook of ${repository.name} tells of ${update.ref}.`);
  return told.map((hook) => {
    const delivery = deliveries.prepare(repository.name, update.ref, payload, event, hook);
    // Listening begins before the sending, or the first words of a quick function would be lost.
    const story = stories.follow(delivery.guid);
    return { update, delivery, story, answer: deliveries.send(delivery) };
  });
}

/** Says how one ref's push goes on, up to its end. */
async function tell(parts: Parts, app: string, push: Push, say: (line: string) => void): Promise<void> {
  const answer = await push.answer;
  if (!isAccepted(answer)) {
    for (const line of terminalLines(refusal(parts, app, push, answer))) say(line);
    return;
  }
  for await (const { message } of push.story) for (const line of terminalLines(message)) say(line);
  const { brokenOff } = push.story;
  if (brokenOff !== undefined) say(`${brokenOff} (delivery ${push.delivery.guid}).`);
}

function isAccepted(answer: Answer): boolean {
  return answer.kind === 'answered' && answer.status < 300 && answerOf(answer.body)?.status === 'accepted';
}

/** What the function said, or why it said nothing. */
function refusal({ url, dialect }: Parts, app: string, { update, delivery }: Push, answer: Answer): string {
  if (answer.kind === 'withheld')
    return `The webhook of ${update.ref} was kept back (delivery ${delivery.guid}).`;
  const said = answer.kind === 'answered' ? answerOf(answer.body)?.message : undefined;
  if (said !== undefined) return said;
  const subject = isNone(update.after) ? update.ref : update.after;
  const why =
    answer.kind === 'unreachable'
      ? `the deployment pipeline cannot be reached: ${answer.reason}`
      : `the deployment pipeline answered ${answer.status}: ${(answer.body.trim() || 'no body').slice(0, 300)}`;
  const last = delivery.attempts.at(-1);
  const path = dialect.redelivery?.(app, delivery.hook.id, last?.id);
  const again = path === undefined ? 'push something' : `curl -X POST ${url}${dialect.api}${path}`;
  return `The commit is stored. To hand it to the pipeline again: ${again}\nfailed ${app} ${subject} ${why.replaceAll('\n', ' ')}`;
}

function answerOf(body: string): { status?: unknown; message?: string } | undefined {
  try {
    const json = JSON.parse(body) as { status?: unknown; message?: unknown };
    return { status: json.status, ...(typeof json.message === 'string' ? { message: json.message } : {}) };
  } catch {
    return undefined;
  }
}

import { FairleadError } from '../errors.ts';
import { brief } from '../report/brief.ts';

/** The functions that events are sent to which nobody waits for. */
export const TAKERS = ['deploy', 'sweep', 'watch-alarm', 'receive-push'] as const;
export type Taker = (typeof TAKERS)[number];

/** An event that was given up, as it waits in the dead-letter queue. */
export interface Letter {
  id: string;
  /** Gives it back, or deletes it. */
  receipt: string;
  body: string;
  /** ms since the epoch. */
  sentAt: number;
  /** Those of Lambda (`ErrorMessage`), or of EventBridge (`ERROR_MESSAGE`). */
  attributes: Readonly<Record<string, string>>;
}

/** The dead-letter queue. */
export interface DeadLetters {
  /** Some that nobody else has at the moment; none where there are no more. */
  receive(): Promise<Letter[]>;
  giveBack(letter: Letter): Promise<void>;
  delete(letter: Letter): Promise<void>;
  /** Sends the event to its function, under `name` where that is deploy: the same name starts it once. */
  send(taker: Taker, event: object, name: string): Promise<void>;
}

/** What people are told of one. */
export interface DeadLetter {
  id: string;
  /** ISO 8601: when it was given up. */
  at: string;
  /** Absent where nobody can say what it was for: then it can only be deleted. */
  function?: Taker;
  what: string;
  error: string;
}

/** What a scheduled event is: every few minutes one, and all the same. */
const ROUND = 'a round of the sweep';

/** As many as are looked at; the rest comes once these are gone. */
const MOST = 200;

/** What waits in the queue. Nothing is taken out. */
export async function listLetters(queue: DeadLetters): Promise<DeadLetter[]> {
  const letters = await takeAll(queue);
  await Promise.all(letters.map((letter) => queue.giveBack(letter)));
  return letters.map(tellOf);
}

/**
 * Sends the letter `id`, or all of them, to the functions that they were for, and deletes each as soon as it is taken
 * in. Of all, those that nobody can say a function of stay where they are, and keep no other one waiting; they are
 * answered without a function. Of rounds of the sweep one is sent, which sees to all that the others would have. A letter that two people send at once, or that could not be deleted, has its effect once: what deploy is started
 * with has the letter's name, and the other functions name what they start after the event.
 * @throws FairleadError `operate/no-dead-letter`, `operate/unknown-event`
 */
export async function replayLetters(queue: DeadLetters, id: string | undefined): Promise<DeadLetter[]> {
  let swept = false;
  return await settle(queue, id, async (letter) => {
    const { function: taker, what } = readEvent(letter.body);
    if (what === ROUND && swept) return 'done';
    if (taker === undefined) {
      if (id === undefined) return 'left';
      throw unknown(letter);
    }
    await queue.send(taker, JSON.parse(letter.body) as object, `replay-${letter.id}`);
    swept ||= what === ROUND;
    return 'done';
  });
}

/** Deletes the letter `id`, or all of them. @throws FairleadError `operate/no-dead-letter` */
export async function discardLetters(queue: DeadLetters, id: string | undefined): Promise<DeadLetter[]> {
  return await settle(queue, id, async () => 'done');
}

async function settle(
  queue: DeadLetters,
  id: string | undefined,
  act: (letter: Letter) => Promise<'done' | 'left'>,
): Promise<DeadLetter[]> {
  const letters = await takeAll(queue);
  const wanted = letters.filter((letter) => id === undefined || letter.id === id);
  const left = new Set(letters);
  try {
    if (id !== undefined && wanted.length === 0) throw absent(id, letters.length);
    for (const letter of wanted) {
      if ((await act(letter)) === 'left') continue;
      await queue.delete(letter);
      left.delete(letter);
    }
  } finally {
    await Promise.all([...left].map((letter) => queue.giveBack(letter)));
  }
  return wanted.map(tellOf);
}

async function takeAll(queue: DeadLetters): Promise<Letter[]> {
  const taken = new Map<string, Letter>();
  while (taken.size < MOST) {
    const some = await queue.receive();
    if (some.length === 0) break;
    for (const letter of some) taken.set(letter.id, letter);
  }
  return [...taken.values()].sort((one, other) => one.sentAt - other.sentAt);
}

function tellOf({ id, sentAt, body, attributes }: Letter): DeadLetter {
  const error = attributes.ErrorMessage ?? attributes.ERROR_MESSAGE ?? 'nothing was said';
  return { id, at: new Date(sentAt).toISOString(), ...readEvent(body), error };
}

/**
 * What an event is, and whose. Lambda does not say which function it gave an event up for; but no two of them take the
 * same events.
 */
export function readEvent(body: string): Pick<DeadLetter, 'function' | 'what'> {
  const event = parsed(body);
  const [kind, doing] = [event['detail-type'], event.do];
  if (kind === 'Scheduled Event') return { function: 'sweep', what: ROUND };
  if (kind === 'CloudWatch Alarm State Change') {
    const { alarmName } = object(event.detail);
    return { function: 'watch-alarm', what: `the alarm ${alarmName} rang` };
  }
  if (kind === 'CodeCommit Repository State Change') {
    const { repositoryName, referenceName } = object(event.detail);
    return { function: 'receive-push', what: `${referenceName} of ${repositoryName} moved` };
  }
  const place = `${event.app} in ${object(event.environment).name}`;
  switch (doing) {
    case 'look-at-pull':
      return {
        function: 'sweep',
        what: `pull request ${event.number} of ${event.owner}/${event.repository}`,
      };
    case 'roll-back':
      return { function: 'deploy', what: `a rollback of ${place}` };
    case 'remove':
      return { function: 'deploy', what: `the removal of ${place}` };
    case 'deploy':
      return { function: 'deploy', what: `the push of ${brief(String(event.after))} to ${place}` };
    default:
      return { what: 'an event that Fairlead does not know' };
  }
}

function parsed(body: string): Record<string, unknown> {
  try {
    return object(JSON.parse(body));
  } catch {
    return {};
  }
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function absent(id: string, others: number): FairleadError {
  return new FairleadError({
    code: 'operate/no-dead-letter',
    operation: 'looking for a dead letter',
    cause: `none has the id ${id}, among ${others}`,
    remedy: 'fairlead dead-letters shows them; one that somebody else looks at comes back within a minute',
  });
}

function unknown({ id }: Letter): FairleadError {
  return new FairleadError({
    code: 'operate/unknown-event',
    operation: `replaying the dead letter ${id}`,
    cause: 'nothing in it says which function it was for',
    remedy: `look at it in the SQS console, then fairlead dead-letters --delete ${id}`,
  });
}

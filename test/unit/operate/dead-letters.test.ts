import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { lines, questionOf } from '../../../bin/commands/operate/dead-letters.ts';
import {
  type DeadLetters,
  discardLetters,
  type Letter,
  listLetters,
  readEvent,
  replayLetters,
  type Taker,
} from '../../../lib/operate/dead-letters.ts';

const letter = (id: string, body: unknown, more: Partial<Letter> = {}): Letter => ({
  id,
  receipt: `receipt of ${id}`,
  body: JSON.stringify(body),
  sentAt: Date.parse('2026-01-01T12:00:00Z'),
  attributes: { ErrorMessage: 'it broke' },
  ...more,
});
const push = { do: 'deploy', app: 'web', environment: { name: 'production' }, after: 'a'.repeat(40) };

/** A queue as SQS has it: what somebody has received, nobody else gets until it is given back. */
class Queue implements DeadLetters {
  readonly waiting: Letter[];
  readonly sent: { taker: Taker; event: object; name: string }[] = [];
  broken: Taker | undefined;

  constructor(...letters: Letter[]) {
    this.waiting = letters;
  }

  async receive(): Promise<Letter[]> {
    return this.waiting.splice(0, 10);
  }

  async giveBack(given: Letter): Promise<void> {
    this.waiting.push(given);
  }

  async delete(): Promise<void> {}

  async send(taker: Taker, event: object, name: string): Promise<void> {
    if (taker === this.broken) throw new Error(`${taker} is away`);
    this.sent.push({ taker, event, name });
  }
}

describe('an event', () => {
  test.each([
    [push, 'deploy', 'the push of aaaaaaaaaaaa to web in production'],
    [{ ...push, do: 'roll-back' }, 'deploy', 'a rollback of web in production'],
    [{ ...push, do: 'remove' }, 'deploy', 'the removal of web in production'],
    [
      { do: 'look-at-pull', owner: 'acme', repository: 'web', number: 7 },
      'sweep',
      'pull request 7 of acme/web',
    ],
    [{ 'detail-type': 'Scheduled Event', source: 'aws.events' }, 'sweep', 'a round of the sweep'],
    [
      { 'detail-type': 'CloudWatch Alarm State Change', detail: { alarmName: 'errors' } },
      'watch-alarm',
      'the alarm errors rang',
    ],
    [
      {
        'detail-type': 'CodeCommit Repository State Change',
        detail: { repositoryName: 'web', referenceName: 'main' },
      },
      'receive-push',
      'main of web moved',
    ],
  ])('is known by what it is: %j', (event, taker, what) => {
    expect(readEvent(JSON.stringify(event))).toEqual({ function: taker, what });
  });

  test('that is none of them is nobody’s, whatever it is', () => {
    const text = fc.oneof(fc.string(), fc.json());
    fc.assert(fc.property(text, (body) => readEvent(body).function === undefined));
  });
});

describe('dead letters', () => {
  let queue: Queue;
  beforeEach(() => {
    const pushes = Array.from({ length: 12 }, (_, at) => letter(`push-${at}`, push));
    queue = new Queue(...pushes, letter('odd', { nobody: 'knows' }));
  });

  test('are all shown, and stay where they are', async () => {
    const shown = await listLetters(queue);
    expect(shown).toHaveLength(13);
    expect(shown[0]).toEqual({
      id: 'push-0',
      at: '2026-01-01T12:00:00.000Z',
      function: 'deploy',
      what: 'the push of aaaaaaaaaaaa to web in production',
      error: 'it broke',
    });
    expect(queue.waiting).toHaveLength(13);
  });

  test('say what EventBridge said, where Lambda said nothing', async () => {
    const told = letter('rule', push, { attributes: { ERROR_MESSAGE: 'no permission' } });
    expect((await listLetters(new Queue(told)))[0]?.error).toBe('no permission');
    expect((await listLetters(new Queue({ ...told, attributes: {} })))[0]?.error).toBe('nothing was said');
  });

  test('are replayed one by one, under their own names, and others are given back', async () => {
    await replayLetters(queue, 'push-3');
    expect(queue.sent).toEqual([{ taker: 'deploy', event: push, name: 'replay-push-3' }]);
    expect(queue.waiting).toHaveLength(12);
    await expect(replayLetters(queue, 'push-3')).rejects.toMatchObject({
      fault: { code: 'operate/no-dead-letter' },
    });
    expect(queue.waiting).toHaveLength(12);
  });

  test('that nobody knows are refused, and can be dropped', async () => {
    await expect(replayLetters(queue, 'odd')).rejects.toMatchObject({
      fault: { code: 'operate/unknown-event' },
    });
    expect(queue.waiting.map(({ id }) => id)).toContain('odd');
    await discardLetters(queue, 'odd');
    expect(queue.waiting.map(({ id }) => id)).not.toContain('odd');
    expect(await discardLetters(queue, undefined)).toHaveLength(12);
    expect(queue.waiting).toEqual([]);
  });

  test('that nobody knows keep no other one waiting, whenever they came', async () => {
    const odd = letter('odd', { nobody: 'knows' }, { sentAt: 0 });
    queue = new Queue(odd, letter('push', push));
    const letters = await replayLetters(queue, undefined);
    expect(queue.sent.map(({ name }) => name)).toEqual(['replay-push']);
    expect(queue.waiting.map(({ id }) => id)).toEqual(['odd']);
    const shown = lines({ is: 'replayed', letters }).filter((line) => /^[A-Z]/.test(line));
    expect(shown).toEqual([
      'Sent one event once more:',
      'Left one event, as nothing says which function that was for; --delete ID drops it:',
    ]);
  });

  test('of rounds of the sweep have one of them done, and are all gone', async () => {
    const rounds = Array.from({ length: 30 }, (_, at) =>
      letter(`round-${at}`, { 'detail-type': 'Scheduled Event' }, { sentAt: at }),
    );
    queue = new Queue(...rounds, letter('push', push));
    expect(await replayLetters(queue, undefined)).toHaveLength(31);
    expect(queue.sent.map(({ name }) => name)).toEqual(['replay-round-0', 'replay-push']);
    expect(queue.waiting).toEqual([]);
  });

  test('stay where they are, those after it too, when a function cannot be reached', async () => {
    queue.broken = 'deploy';
    await expect(replayLetters(queue, undefined)).rejects.toThrow('deploy is away');
    expect(queue.waiting).toHaveLength(13);
  });

  test('a replay that is cut off leaves those that are not done', async () => {
    const rounds = letter('round', { 'detail-type': 'Scheduled Event' }, { sentAt: 0 });
    queue = new Queue(letter('push', push), rounds);
    queue.broken = 'deploy';
    await expect(replayLetters(queue, undefined)).rejects.toThrow();
    expect(queue.sent.map(({ taker }) => taker)).toEqual(['sweep']);
    expect(queue.waiting.map(({ id }) => id)).toEqual(['push']);
  });
});

describe('the command', () => {
  const flags = { function: 'operate' };
  test.each([
    [{}, { do: 'dead-letters' }],
    [{ all: true as const }, { do: 'replay' }],
    [{ replay: 'x' }, { do: 'replay', id: 'x' }],
    [{ delete: 'x' }, { do: 'discard', id: 'x' }],
    [{ delete: true as const, all: true as const }, { do: 'discard' }],
  ])('%j asks %j', (given, question) => {
    expect(questionOf({ ...flags, ...given })).toEqual(question);
  });

  test.each([
    { replay: 'x', all: true as const },
    { replay: 'x', delete: 'x' },
    { delete: true as const },
    { delete: 'x', all: true as const },
  ])('%j says nothing clear', (given) => {
    expect(() => questionOf({ ...flags, ...given })).toThrow(/does not say/);
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { History } from '../../../local/lambda/durable/history.ts';
import { executionOperation, OperationLedger } from '../../../local/lambda/durable/ledger.ts';
import { isOver } from '../../../local/lambda/durable/operations.ts';
import type { Operation, OperationUpdate } from '../../../local/lambda/durable/types.ts';
import { page } from '../../../local/lambda/durable/wire.ts';

const START = 1_000_000;
const at = (seconds: number) => new Date((START + seconds) * 1000);
const fresh = () => new OperationLedger(executionOperation('{}', at(0)), new History());

const ids = ['a', 'b', 'c', 'd'];
const updates: fc.Arbitrary<OperationUpdate> = fc.record({
  Id: fc.constantFrom(...ids),
  ParentId: fc.constantFrom(undefined, ...ids),
  Type: fc.constantFrom('STEP', 'CONTEXT', 'WAIT', 'CALLBACK', 'CHAINED_INVOKE'),
  Action: fc.constantFrom('START', 'SUCCEED', 'FAIL', 'RETRY', 'CANCEL'),
  StepOptions: fc.constant({ NextAttemptDelaySeconds: 2 }),
  WaitOptions: fc.constant({ WaitSeconds: 3 }),
  CallbackOptions: fc.constantFrom(undefined, { TimeoutSeconds: 4 }),
  ChainedInvokeOptions: fc.constant({ FunctionName: 'f' }),
});
const batches = fc.array(fc.array(updates, { maxLength: 3 }), { maxLength: 25 });

/** Applies the batches, a second apart; those that the API would refuse change nothing, which is checked here too. */
function play(ledger: OperationLedger, all: OperationUpdate[][], each: (now: Date) => void): void {
  all.forEach((batch, second) => {
    const before = JSON.stringify(ledger.visible());
    try {
      ledger.apply(batch, at(second), (id) => `callback-${id}`);
    } catch {
      expect(JSON.stringify(ledger.visible())).toBe(before);
    }
    ledger.elapse(at(second));
    each(at(second));
  });
}

test('an operation that is over never changes again, and never becomes another type', () => {
  fc.assert(
    fc.property(batches, (all) => {
      const ledger = fresh();
      const ended = new Map<string, string>();
      const types = new Map<string, string | undefined>();
      play(ledger, all, () => {
        for (const id of ids) {
          const operation = ledger.get(id);
          if (operation === undefined) continue;
          expect(operation.Type).toBe(types.get(id) ?? operation.Type);
          types.set(id, operation.Type);
          expect(JSON.stringify(operation)).toBe(ended.get(id) ?? JSON.stringify(operation));
          if (isOver(operation)) ended.set(id, JSON.stringify(operation));
        }
      });
    }),
  );
});

test('after time has passed nothing is due that lies in the past', () => {
  fc.assert(
    fc.property(batches, (all) => {
      const ledger = fresh();
      play(ledger, all, (now) => expect(ledger.nextDue ?? Infinity).toBeGreaterThan(now.getTime()));
    }),
  );
});

test('every change is told exactly once: what the function knows is what there is', () => {
  fc.assert(
    fc.property(batches, (all) => {
      const ledger = fresh();
      const known = new Map<string | undefined, Operation>();
      play(ledger, all, () => {
        for (const operation of ledger.tell()) known.set(operation.Id, operation);
        expect(ledger.hasUntold).toBe(false);
        for (const id of ids) expect(known.get(id)).toEqual(ledger.get(id));
      });
    }),
  );
});

test('the execution comes first in the state, and no parent is missing from it', () => {
  fc.assert(
    fc.property(batches, (all) => {
      const ledger = fresh();
      play(ledger, all, () => {
        const visible = ledger.visible();
        expect(visible[0]?.Type).toBe('EXECUTION');
        const shown = new Set(visible.map(({ Id }) => Id));
        for (const { ParentId } of visible) if (ParentId) expect(shown).toContain(ParentId);
      });
    }),
  );
});

test("a finished context's children are left out, unless they are replayed", () => {
  for (const ReplayChildren of [true, undefined]) {
    const ledger = fresh();
    const context = { Id: 'a', Type: 'CONTEXT' } as const;
    ledger.apply(
      [
        { ...context, Action: 'START' },
        { Id: 'b', ParentId: 'a', Type: 'CONTEXT', Action: 'START' },
        { Id: 'c', ParentId: 'b', Type: 'STEP', Action: 'SUCCEED', Payload: '1' },
        { ...context, Action: 'SUCCEED', ContextOptions: { ReplayChildren } },
      ],
      at(0),
      String,
    );
    expect(
      ledger
        .visible()
        .map(({ Id }) => Id)
        .slice(1),
    ).toEqual(ReplayChildren ? ['a', 'b', 'c'] : ['a']);
  }
});

test('an execution has at most 3,000 operations, and errors at most 32 KB', () => {
  const ledger = fresh();
  const start = (n: number): OperationUpdate => ({ Id: `step-${n}`, Type: 'STEP', Action: 'START' });
  ledger.apply(
    Array.from({ length: 3000 }, (_, n) => start(n)),
    at(0),
    String,
  );
  expect(() => ledger.apply([start(3000)], at(0), String)).toThrow('Maximum number of operations');
  const error = { ErrorMessage: 'x'.repeat(33_000) };
  expect(() =>
    fresh().apply([{ Id: 'a', Type: 'STEP', Action: 'FAIL', Error: error }], at(0), String),
  ).toThrow('32768');
});

test('pages of any size put together are the whole, and no page is empty', () => {
  fc.assert(
    fc.property(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 20 }), (count, limit) => {
      const all = Array.from({ length: count }, (_, n) => ({ Id: String(n) }) as Operation);
      const seen: Operation[] = [];
      let marker: string | undefined = '0';
      while (marker !== undefined) {
        const { Operations, NextMarker } = page(all, Number(marker), limit);
        if (count > 0) expect(Operations.length).toBeGreaterThan(0);
        seen.push(...Operations);
        marker = NextMarker;
      }
      expect(seen).toEqual(all);
    }),
  );
  const large = Array.from({ length: 10 }, (_, n) => ({ Id: `${n}${'x'.repeat(1_000_000)}` }) as Operation);
  expect(page(large, 0).Operations).toHaveLength(4);
});

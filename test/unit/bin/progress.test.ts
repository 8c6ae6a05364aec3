import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainLines } from '../../../bin/commands/progress/plain.ts';
import {
  advance,
  cachedSteps,
  noProgress,
  type Progress,
  type ShownEvent,
} from '../../../bin/commands/progress/state.ts';
import { endedLines, liveLines, noticeLine } from '../../../bin/commands/progress/view.ts';
import { asShown, columnsOf, cutTo } from '../../../bin/commands/progress/width.ts';

function label(stage: string, number: number, instruction: string) {
  return { stage, number, total: 3, instruction, line: number };
}

const FROM = label('build', 1, 'FROM golang');
const COPY = label('build', 2, 'COPY . .');
const RUN = label('build', 3, 'RUN go build');
const OTHER = label('vet', 3, 'RUN go vet');

function progressOf(...events: [now: number, event: ShownEvent][]): Progress {
  return events.reduce((progress, [now, event]) => advance(progress, event, now), noProgress(0));
}

function said({ stage, number, line }: typeof RUN, text: string): ShownEvent {
  return { type: 'output', stage, number, line, text };
}

const busy = progressOf(
  [0, { type: 'step-start', ...FROM }],
  [100, { type: 'step', ...FROM, ms: 100, cached: false }],
  [100, { type: 'step-start', ...COPY }],
  [200, { type: 'step', ...COPY, ms: 0, cached: true }],
  [1000, { type: 'step-start', ...RUN }],
  [1500, { type: 'step-start', ...OTHER }],
  [2000, said(RUN, 'one')],
  [2100, said(OTHER, '\u001b[31mred\u001b[0m\r50%\r100%')],
  [2200, said(RUN, 'two')],
);

const view = (columns: number, rows: number) =>
  liveLines(busy, { columns, rows, now: 3000 }).map(({ text }) => text);

describe('the live view', () => {
  it('shows what runs with its seconds, and the last lines that it said below', () => {
    expect(view(50, 20)).toEqual([
      '[+] Building 3.0s (2/4)',
      ' => [build 3/3] RUN go build                  2.0s',
      ' => => one',
      ' => => two',
      ' => [vet 3/3] RUN go vet                      1.5s',
      ' => => 100%',
    ]);
  });

  it('drops output before steps where there is little room', () => {
    expect(view(50, 6)).toHaveLength(5);
    expect(view(50, 4)).toEqual([
      '[+] Building 3.0s (2/4)',
      ' => [build 3/3] RUN go build                  2.0s',
      ' => [vet 3/3] RUN go vet                      1.5s',
    ]);
  });

  it('leaves what has ended as it stood, and what was broken off away', () => {
    const ended = progressOf(
      [0, { type: 'step-start', ...COPY }],
      [1, { type: 'step', ...COPY, ms: 0, cached: true }],
      [1, { type: 'step-start', ...RUN }],
      [1, { type: 'step-start', ...OTHER }],
      [1200, { type: 'step-failed', ...RUN, ms: 1200, aborted: false }],
      [1201, { type: 'step-failed', ...OTHER, ms: 1201, aborted: true }],
    );
    expect(endedLines(ended.steps, 44)).toEqual([
      { text: ' => CACHED [build 2/3] COPY . .         0.0s', style: 'good' },
      { text: ' => FAILED [build 3/3] RUN go build     1.2s', style: 'bad' },
    ]);
  });

  it('never is wider or higher than the terminal, whatever is said', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 30 }),
        (texts, columns, rows) => {
          const events = texts.map((text, at): [number, ShownEvent] => [
            at,
            said(at % 2 === 0 ? RUN : OTHER, text),
          ]);
          const progress = events.reduce((all, [now, event]) => advance(all, event, now), busy);
          const lines = [
            ...liveLines(progress, { columns, rows, now: 9 }),
            noticeLine(texts.join(' '), columns),
          ];
          expect(lines.length - 1).toBeLessThanOrEqual(Math.max(0, rows - 1));
          for (const { text } of lines) {
            expect(columnsOf(text)).toBeLessThanOrEqual(columns);
            // biome-ignore lint/suspicious/noControlCharactersInRegex: these move the cursor
            expect(text).not.toMatch(/[\x00-\x1f\x7f]/);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('begins a step anew that begins again, and tells a notice once', () => {
    const again = progressOf(
      [0, { type: 'step-start', ...FROM }],
      [5, { type: 'step-failed', ...FROM, ms: 5, aborted: true }],
      [6, { type: 'notice', message: 'n' }],
      [7, { type: 'notice', message: 'n' }],
      [8, { type: 'step-start', ...FROM }],
    );
    expect(again).toMatchObject({ steps: [{ state: 'running', startedAt: 8 }], notices: ['n'] });
    expect(again.steps).toHaveLength(1);
  });

  it('counts what was cached, without what can not be', () => {
    expect(cachedSteps(busy)).toEqual({ cached: 1, all: 3 });
  });
});

describe('cutTo', () => {
  it.each<[string, number, string]>([
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['e\u0301a', 2, 'e\u0301a'],
    ['x', 0, ''],
  ])('%j in %i columns: %j', (text, columns, cut) => {
    expect(cutTo(text, columns)).toBe(cut);
  });
});

describe('asShown', () => {
  it('leaves what a terminal would show in the end, without what it would obey', () => {
    expect(asShown('a\u001b[2Kb\u001b]0;title\u0007c\td')).toBe('abc    d');
    expect(asShown('10%\r20%\r')).toBe('20%');
  });
});

describe('plain lines', () => {
  it('name the step again when steps take turns in speaking', () => {
    const lines = new PlainLines();
    const events: ShownEvent[] = [
      { type: 'step-start', ...RUN },
      { type: 'step-start', ...OTHER },
      said(RUN, 'a'),
      said(RUN, 'b'),
      said(OTHER, 'c'),
      said(RUN, 'd'),
      { type: 'step', ...RUN, ms: 2120, cached: false },
      { type: 'step', ...OTHER, ms: 1, cached: true },
      { type: 'task-start', name: 'exporting to x' },
      { type: 'task', name: 'exporting to x', ms: 40, note: '1 kB' },
      { type: 'notice', message: 'n' },
      { type: 'notice', message: 'n' },
    ];
    expect(events.flatMap((event) => lines.of(event))).toEqual([
      '[build 3/3] RUN go build',
      '    a',
      '    b',
      '[vet 3/3] RUN go vet',
      '    c',
      '[build 3/3] RUN go build',
      '    d',
      '[build 3/3] RUN go build  2.1s',
      '[vet 3/3] RUN go vet  CACHED',
      'exporting to x  0.0s, 1 kB',
      'notice: n',
    ]);
  });
});

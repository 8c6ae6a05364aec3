// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDockerfile } from '../../../lib/dockerfile/check.ts';
import { parseIgnore } from '../../../lib/dockerfile/ignore.ts';
import { parseDockerfile } from '../../../lib/dockerfile/parse.ts';
import { parseTriggers } from '../../../lib/dockerfile/triggers.ts';
import type { FromInstruction, Instruction } from '../../../lib/dockerfile/types.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { SAMPLES } from './samples.ts';
import { instructionOf } from './support.ts';

const samples = Object.entries(SAMPLES);

/** Reads and checks a text; what is wrong with it has to be told at one of its lines. */
function readAnything(text: string): void {
  const lines = text.split('\n').length;
  try {
    const dockerfile = parseDockerfile(text);
    for (const { from, instructions } of dockerfile.stages) {
      for (const { line, endLine } of [from, ...instructions]) {
        if (line < 1 || endLine < line || endLine > lines) throw new Error(`lines ${line} to ${endLine}`);
      }
    }
    for (const { line } of checkDockerfile(dockerfile)) if (line > lines) throw new Error(`line ${line}`);
  } catch (error) {
    if (!(error instanceof FairleadError)) throw error;
    const [, line] = /^Dockerfile:(\d+)$/.exec(error.fault.place ?? '') ?? [];
    expect(Number(line)).toBeGreaterThan(0);
    expect(Number(line)).toBeLessThanOrEqual(lines);
  }
}

const word = fc.constantFrom(
  ...[
    'FROM',
    'a',
    'COPY',
    'RUN',
    'ENV',
    'ARG',
    'ONBUILD',
    'HEALTHCHECK',
    'CMD',
    'SHELL',
    'EXPOSE',
    '# escape=`',
  ],
  ...[
    '--from=x',
    '--mount=',
    'type=cache',
    ',target=/x',
    '--chmod=',
    'AS',
    'NONE',
    '<<EOF',
    '<<-"E"',
    'EOF',
    'E',
  ],
  ...[
    '\\',
    '`',
    '\n',
    '\r\n',
    '\t',
    '"',
    "'",
    '[',
    ']',
    '#',
    '=',
    '$',
    '{',
    '}',
    ':-',
    ' ',
    '\uFEFF',
    '\0',
    '😀',
    '[',
  ],
);

describe('the Dockerfile reader', () => {
  it.each(samples)('reads the sample %s', (_, text) => {
    const { stages } = parseDockerfile(text);
    expect(stages.flatMap(({ instructions }) => instructions).length).toBeGreaterThan(1);
  });

  it('always answers any text, or tells what is wrong at one of its lines', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), readAnything), { numRuns: 500 });
    const text = fc.array(word, { maxLength: 60 });
    fc.assert(
      fc.property(text, fc.constantFrom('', ' '), (words, between) =>
        readAnything(`FROM a\n${words.join(between)}`),
      ),
      { numRuns: 1000 },
    );
  });

  it('always answers a Dockerfile that was damaged, or tells what is wrong at one of its lines', () => {
    const cut = fc.record({ at: fc.nat(1500), length: fc.nat(20), put: fc.oneof(word, fc.string()) });
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.array(cut, { maxLength: 5 }), ([, sample], cuts) => {
        let text = sample;
        for (const { at, length, put } of cuts) {
          const place = at % text.length;
          text = text.slice(0, place) + put + text.slice(place + length);
        }
        readAnything(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('always reads the text of an instruction as the instruction itself', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        let first: Instruction;
        try {
          first = instructionOf(words.join(' '));
        } catch {
          return;
        }
        // Its text leaves here-documents out, and what a trigger alone keeps: blanks at its end, as those before a last
        // escape character.
        const isCut = !words.join(' ').endsWith(first.text);
        if (/<<|[\\`]$/.test(first.text) || (first.keyword === 'ONBUILD' && isCut)) return;
        expect({ ...instructionOf(first.text), endLine: 0 }).toEqual({ ...first, line: 2, endLine: 0 });
      }),
      { numRuns: 1000 },
    );
  });

  it('always reads here-documents back as they were', () => {
    const name = fc.stringMatching(/^[A-Za-z_]\w{0,5}$/);
    const lines = fc.array(fc.string({ maxLength: 20 }).map((line) => line.replace(/[\n\r]/g, '')));
    const heredocs = fc.uniqueArray(fc.record({ name, lines, quoted: fc.boolean() }), {
      minLength: 1,
      maxLength: 3,
      selector: (heredoc) => heredoc.name,
    });
    fc.assert(
      fc.property(heredocs, (written) => {
        const names = written.map((heredoc) => heredoc.name);
        const bodies = written.map((heredoc) => heredoc.lines.filter((line) => !names.includes(line)));
        const head = written.map((heredoc) => (heredoc.quoted ? `<<"${heredoc.name}"` : `<<${heredoc.name}`));
        const tail = bodies.flatMap((body, index) => [...body, names[index] as string]);
        const expected = bodies.map((body, index) => ({
          name: names[index],
          content: body.map((line) => `${line}\n`).join(''),
          expands: !written[index]?.quoted,
        }));
        const text = tail.join('\n');
        expect(instructionOf(`COPY ${head.join(' ')} /x/\n${text}`)).toMatchObject({ inlines: expected });
        expect(instructionOf(`RUN cat ${head.join(' ')}\n${text}`)).toMatchObject({
          command: { heredocs: expected },
        });
        const onbuild = instructionOf(`ONBUILD COPY ${head.join(' ')} /x/\n${text}`);
        const trigger = onbuild.keyword === 'ONBUILD' ? onbuild.trigger : '';
        expect(parseTriggers([trigger], FROM, 'Dockerfile')).toMatchObject([{ inlines: expected, line: 1 }]);
      }),
    );
  });

  it('always finds an instruction at the line where it was written', () => {
    const comments = fc.array(fc.constantFrom('', '# a comment', '   '), { maxLength: 5 });
    fc.assert(
      fc.property(comments, fc.nat({ max: 5 }), (before, continued) => {
        const run = `RUN a${' \\\n  b'.repeat(continued)}`;
        const { stages } = parseDockerfile(['FROM x', ...before, run, 'USER y'].join('\n'));
        expect(stages[0]?.instructions).toMatchObject([
          { keyword: 'RUN', line: 2 + before.length, endLine: 2 + before.length + continued },
          { keyword: 'USER', line: 3 + before.length + continued },
        ]);
      }),
    );
  });

  const MEGABYTE = 1 << 20;
  it.each([
    ['one long line', `RUN ${'x'.repeat(MEGABYTE)}`],
    ['one long line of blanks', `RUN x${' '.repeat(MEGABYTE)}y`],
    ['one long line of quotes', `ENV a=${'"'.repeat(MEGABYTE)}`],
    ['one long line of escapes', `ENV a=${'\\'.repeat(MEGABYTE)}`],
    ['one long list', `COPY ${'a '.repeat(MEGABYTE / 2)} /x/`],
    ['one long array', `CMD [${'"a",'.repeat(MEGABYTE / 4)}"b"]`],
    ['deep arrays', `CMD ${'['.repeat(MEGABYTE)}`],
    ['many flags', `COPY ${'--exclude=a '.repeat(50_000)}a b`],
    ['a long mount', `RUN --mount=type=cache,target=${'/a'.repeat(MEGABYTE / 2)} x`],
    ['a long duration', `HEALTHCHECK --interval=${'1'.repeat(MEGABYTE)} CMD x`],
    ['a long mode', `COPY --chmod=${'u+r'.repeat(100_000)}q a b`],
    ['a long directive', `# escape=${' '.repeat(MEGABYTE)}x`],
    ['many lines', 'RUN x\n'.repeat(100_000)],
    ['many continuation lines', `RUN x${' \\\n x'.repeat(100_000)}`],
    ['many comments in an instruction', `RUN x \\\n${'# x\n'.repeat(100_000)} y`],
    ['many here-documents', `RUN ${'<<A '.repeat(10_000)}\n${'A\n'.repeat(10_000)}`],
    ['a long here-document', `COPY <<A /x\n${'\tx $y ${z:-1}\n'.repeat(50_000)}A`],
    ['many words that announce nothing', `RUN ${'<< '.repeat(100_000)}`],
    ['a nest of variables', `ENV a=${'${a:-'.repeat(100_000)}`],
    ['many stages', Array.from({ length: 499 }, (_, i) => `FROM s${i} AS s${i + 1}`).join('\n')],
    ['more stages than there may be', 'FROM a\n'.repeat(100_000)],
  ])('bears %s', (_, text) => readAnything(`FROM s0\n${text}`), 20_000);

  it('bears ignore rules of any kind', () => {
    const rule = fc.array(
      fc.constantFrom('a', '/', '*', '**', '?', '!', '[', ']', '-', '^', '\\', '.', ' ', '#'),
    );
    const path = fc.stringMatching(/^[a.]{1,3}(\/[a.\-^]{1,3}){0,3}$/);
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), path, (rules, asked) => {
        try {
          parseIgnore(rules.map((parts) => parts.join('')).join('\n')).ignores(asked);
        } catch (error) {
          expect((error as FairleadError).fault.place).toMatch(/^\.dockerignore:[1-4]$/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

const FROM: FromInstruction = { keyword: 'FROM', image: 'base', line: 1, endLine: 1, text: 'FROM base' };

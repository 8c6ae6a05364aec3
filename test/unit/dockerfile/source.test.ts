import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../../lib/dockerfile/parse.ts';
import { readSource } from '../../../lib/dockerfile/source.ts';

const texts = (text: string) => readSource(text, 'Dockerfile').instructions.map((it) => it.text);
const spans = (text: string) =>
  readSource(text, 'Dockerfile').instructions.map(({ line, endLine }) => `${line}-${endLine}`);

describe('readSource', () => {
  it.each<[string, string[]]>([
    ['FROM a', ['FROM a']],
    ['  FROM a  \n\n\tRUN b', ['FROM a', 'RUN b']],
    ['# a\nFROM a # b\n  # c\nRUN d', ['FROM a # b', 'RUN d']],
    ['RUN a \\\n  b \\\n\n  # c\n  d\nUSER e', ['RUN a   b   d', 'USER e']],
    ['RUN a \\  \n b', ['RUN a  b']],
    ['RUN a \\x\nRUN b', ['RUN a \\x', 'RUN b']],
    ['RUN a \\\\\nRUN b', ['RUN a \\\\', 'RUN b']],
    ['RUN a \\', ['RUN a']],
    ['\\\nRUN a', ['RUN a']],
    ['RUN a \\\n#b\\\n c', ['RUN a  c']],
    ['RUN a # b \\\n c', ['RUN a # b  c']],
    ['\uFEFFRUN a\r\nRUN b \\\r\n c\r\n', ['RUN a', 'RUN b  c']],
    ['\n \n', []],
    ['', []],
  ])('joins the lines of %j', (text, expected) => {
    expect(texts(text)).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ['RUN a \\\n\n# b\n c\nUSER d', ['1-4', '5-5']],
    ['RUN <<A\nx\nA\nUSER d', ['1-3', '4-4']],
    ['RUN a \\\n <<A\nx\nA\nUSER d', ['1-4', '5-5']],
    ['COPY <<A <<B /c/\nB\nA\nx\nB\nUSER d', ['1-5', '6-6']],
    ['ONBUILD RUN <<A\nx\nA\nUSER d', ['1-3', '4-4']],
    ['onbuild copy <<A /x\nx\nA\nUSER d', ['1-3', '4-4']],
    ['ONBUILD ONBUILD RUN <<A\nUSER d', ['1-1', '2-2']],
    ['USER <<A\nUSER d', ['1-1', '2-2']],
    ['CMD cat <<A\nUSER d', ['1-1', '2-2']],
    ['RUN ["<<A"]\nUSER d', ['1-1', '2-2']],
    ['RUN --mount=type=ssh ["cat", "<<A"]\nUSER d', ['1-1', '2-2']],
    ['RUN [ "<<A" ] <<B\nx\nB\nUSER d', ['1-3', '4-4']],
  ])('finds where each instruction of %j is', (text, expected) => {
    expect(spans(text)).toEqual(expected);
  });

  it.each<[string, object[]]>([
    ['RUN <<EOF\nEOF', [{ name: 'EOF', content: '', expands: true }]],
    ['RUN 3<<EOF\nx\nEOF', [{ name: 'EOF', content: 'x\n' }]],
    ['RUN <<EOF\n\tx\n\tEOF\nEOF', [{ content: '\tx\n\tEOF\n' }]],
    ['RUN <<-EOF\n\t\tx\n\t y\n\tEOF', [{ content: 'x\n y\n' }]],
    ["RUN <<'EOF'\n$x\nEOF", [{ name: 'EOF', expands: false }]],
    ['RUN <<"EOF"\n$x\nEOF', [{ name: 'EOF', expands: false }]],
    ['RUN <<E"O"F\n$x\nEOF', [{ name: 'EOF', expands: false }]],
    ["RUN <<-'E F'\nx\nE F", [{ name: 'E F', expands: false }]],
    ['RUN <<\\EOF\n$x\nEOF', [{ name: 'EOF', expands: true }]],
    ['RUN <<EOF\n# no comment\n\nx \\\ny\nEOF', [{ content: '# no comment\n\nx \\\ny\n' }]],
    ['RUN <<EOF\nx\n EOF\nEOFX\nEOF', [{ content: 'x\n EOF\nEOFX\n' }]],
    ['RUN <<EOF\r\nx\r\nEOF\r\n', [{ content: 'x\r\n' }]],
    ['RUN <<A <<A\n1\nA\n2\nA', [{ content: '1\n' }, { content: '2\n' }]],
    ['RUN cat <<A > x && cat <<B\n1\nA\n2\nB', [{ name: 'A' }, { name: 'B' }]],
    ['RUN cat <<A>x\n1\nA>x', [{ name: 'A>x' }]],
    ['RUN <<$A\n1\n$A', [{ name: '$A' }]],
    ['RUN "<<A"', []],
    ["RUN '<<A'", []],
    ['RUN cat<<A', []],
    ['RUN <<<A', []],
    ['RUN << A', []],
    ['RUN echo $((1<<2))', []],
    ['RUN echo \\<<A', []],
    ["RUN echo it's <<A", []],
    ['COPY a <<A "b\n', []],
  ])('reads the here-documents of %j', (text, expected) => {
    const { instructions } = readSource(text, 'Dockerfile');
    expect(instructions).toHaveLength(1);
    expect(instructions[0]?.heredocs).toMatchObject(expected);
    expect(instructions[0]?.heredocs).toHaveLength(expected.length);
  });

  it.each<[string, string, RegExp]>([
    [
      'FROM a\nRUN <<EOF\nx\n EOF',
      'open-heredoc',
      /Dockerfile:2: .*<<EOF that begins here.*a line that is EOF/,
    ],
    ['FROM a\nCOPY <<A <<B /x\n1\nA\n2', 'open-heredoc', /Dockerfile:2: the here-document <<B/],
    ['# escape=x\nFROM a', 'bad-directive', /Dockerfile:1: the escape character is "x"/],
    ['#escape=`\n# ESCAPE=`\nFROM a', 'bad-directive', /Dockerfile:2: # escape= is there twice/],
  ])('refuses %j', (text, code, message) => {
    expect(() => readSource(text, 'Dockerfile')).toThrow(message);
    expect(() => readSource(text, 'Dockerfile')).toThrow(
      expect.objectContaining({ code: `dockerfile/${code}` }),
    );
  });

  it('takes another escape character from its directive, and no directive behind the head', () => {
    const { stages, escapeChar } = parseDockerfile('# syntax=x\n# escape=`\nFROM a\nRUN b `\n  c\\d');
    expect(escapeChar).toBe('`');
    expect(stages[0]?.instructions[0]).toMatchObject({ command: { script: 'b   c\\d' } });
    expect(readSource('# a comment\n# escape=`\nRUN a `\nRUN b', 'Dockerfile').instructions).toHaveLength(2);
    expect(readSource('\n# escape=`\nRUN a `\nRUN b', 'Dockerfile').instructions).toHaveLength(2);
  });
});

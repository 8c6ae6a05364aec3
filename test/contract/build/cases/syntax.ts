import { type Case, CONTEXT, one, SOUND } from './case.ts';

const named = (name: string, dockerfile: string, more: Partial<Case> = {}): Case => ({
  name,
  dockerfile,
  ...more,
});
const ignoring = (name: string, rules: string, more: Record<string, string> = {}): Case => ({
  name: `.dockerignore: ${name}`,
  dockerfile: 'FROM scratch\nCOPY . /',
  context: { ...CONTEXT, ...more, '.dockerignore': rules },
});

export const SYNTAX: Case[] = [
  one('# escape=`', 'FROM BASE', 'RUN echo a `', ' > /x', 'ENV P=c:\\x'),
  one('#escape = `', 'FROM BASE', 'LABEL a=b`', 'c d=e\\f'),
  one('# a comment first', '# escape=`', 'FROM BASE', 'LABEL a=b\\', 'c=d'),
  one('# syntax-like comment', '', '', 'FROM scratch', 'COPY a.txt /'),
  named(
    'lines that end with CR and LF',
    'FROM BASE\r\n# comment\r\nENV A=b \\\r\n  C=d\r\nRUN echo a \\\r\n  b > /x\r\n',
  ),
  named('a byte order mark', '\ufeffFROM scratch\nCOPY a.txt /\n'),
  named('no line break at the end', 'FROM scratch\nCOPY a.txt /'),
  named('blanks before instructions', '  FROM scratch\n\t COPY   a.txt\t/x\n   # comment\n  LABEL  a=b  \n'),
  named('instructions in any case', 'from BASE as b\ncOpY a.txt /x\nrun echo x > /y\nFrom b\nlabel a=b\n'),
  named(
    'comments and empty lines in a continued line',
    'FROM BASE\nRUN echo a \\\n\n  # one\n# two\n   && echo b > /x\n',
  ),
  named('a continued line whose backslash has blanks behind it', 'FROM BASE\nRUN echo a \\  \n  > /x\n'),
  named('a continued line at the end', 'FROM BASE\nLABEL a=b \\\n'),
  named('a hash that is no comment', 'FROM BASE\nRUN echo a#b # c > /x; touch /y\nLABEL a=#b\n'),
  named(
    'a backslash before other characters',
    'FROM BASE\nRUN echo "\\\\a\\b" > /x\nLABEL a=\\b\\ c d="\\e"\n',
  ),
  named('a Dockerfile of another name', 'FROM scratch\nCOPY a.txt /', { file: 'docker/App.Dockerfile' }),
  named('its own ignore file', 'FROM scratch\nCOPY . /', {
    file: 'Other.Dockerfile',
    context: { ...CONTEXT, 'Other.Dockerfile.dockerignore': '*\n!a.txt\n', '.dockerignore': 'a.txt\n' },
  }),
  {
    ...one('FROM BASE', 'WORKDIR /w', 'COPY a.txt .', 'RUN touch x'),
    name: 'SOURCE_DATE_EPOCH',
    buildArgs: { SOURCE_DATE_EPOCH: '1000000000' },
  },
  {
    ...one('FROM BASE', 'ARG SOURCE_DATE_EPOCH', 'RUN echo $SOURCE_DATE_EPOCH > /x'),
    name: 'SOURCE_DATE_EPOCH in RUN',
    buildArgs: { SOURCE_DATE_EPOCH: '1000000000' },
  },
  // ignore rules
  ignoring('patterns, exceptions and comments', '*.txt\n!b.txt\ndir/sub\n**/three.txt\n# c.md\nDockerfile\n'),
  ignoring('lets in what is in a directory that it leaves out', '*\n!dir/sub/y\n'),
  ignoring('the last rule decides', 'dir\n!dir/x\ndir/x\n!dir/sub\n'),
  ignoring('blanks, slashes and dots', '  a.txt  \n/b.txt\n./c.md\ndir/\n\n#x\n'),
  ignoring('a question mark and a class', '?.txt\n[a-c].md\n'),
  ignoring('stars in the middle', '**/x\ndeep/*/two\n!**/link\n'),
  ignoring('an escape', '\\[x\\].txt\n\\#hash\n', { '#hash': 'x' }),
  ignoring('itself and the Dockerfile', '.dockerignore\nDockerfile\n'),
  ignoring('an exception for a directory', '**\n!dir\n'),
  ignoring('two stars at the end', 'dir/**\n!dir/sub/**\n'),
  ignoring('CR and LF', 'a.txt\r\nb.txt\r\n'),
  ignoring('a byte order mark', '\ufeffa.txt\nb.txt\n'),
  ignoring('what climbs', '../a.txt\ndir/../b.txt\n'),
  ignoring('only an exception', '!a.txt\n'),
  ignoring('empty', '\n\n'),
  {
    ...ignoring('a wildcard and a directory', 'dir/sub\na.txt\n'),
    dockerfile: 'FROM scratch\nCOPY *.txt /t/\nCOPY d* /d/\n',
    context: { ...SOUND, '.dockerignore': 'dir/sub\na.txt\n' },
  },
];

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { describe, expect, it } from 'vitest';
import { classify } from '../../../lib/build/go/classify.ts';
import { fields } from '../../../lib/build/go/expand-word.ts';
import { parseScript } from '../../../lib/build/go/shell.ts';

const variables = new Map([
  ['flags', '-a  -b'],
  ['empty', ''],
  ['one', '1'],
]);

function argv(script: string): string[][] {
  return parseScript(script).map(({ words }) => words.flatMap((word) => fields(word, variables)));
}

describe('parseScript', () => {
  it.each<[string, string[][]]>([
    ['go build', [['go', 'build']]],
    [
      'cd /src && go build ./...',
      [
        ['cd', '/src'],
        ['go', 'build', './...'],
      ],
    ],
    [
      'mkdir a; cp b c\ngo vet',
      [
        ['mkdir', 'a'],
        ['cp', 'b', 'c'],
        ['go', 'vet'],
      ],
    ],
    ['go build -ldflags "-s -w" .', [['go', 'build', '-ldflags', '-s -w', '.']]],
    [`go build -ldflags='-X main.v=$one'`, [['go', 'build', '-ldflags=-X main.v=$one']]],
    ['go build -ldflags="-X main.v=${one}"', [['go', 'build', '-ldflags=-X main.v=1']]],
    ['go build $flags "$flags" $empty "$empty"', [['go', 'build', '-a', '-b', '-a  -b', '']]],
    ['echo x$flags', [['echo', 'x-a', '-b']]],
    ['echo ${missing:-d} ${one:+e}', [['echo', 'd', 'e']]],
    ['echo a # a comment', [['echo', 'a']]],
    ['echo a#b', [['echo', 'a#b']]],
    ['echo a\\ b \\$one', [['echo', 'a b', '$one']]],
    ['go build \\\n -v', [['go', 'build', '-v']]],
    ['A=1 B="x y" go build', [['go', 'build']]],
    ['true &&\n false', [['true'], ['false']]],
  ])('reads %j', (script, expected) => {
    expect(argv(script)).toEqual(expected);
  });

  it.each([
    ['a | b', /a pipe/],
    ['a || b', /an alternative/],
    ['a > b', /a redirection/],
    ['a 2>&1', /a redirection/],
    ['a &', /in the background/],
    ['(a)', /a subshell/],
    ['echo $(date)', /a command substitution/],
    ['echo "`date`"', /a command substitution/],
    ['cp *.go x', /a wildcard/],
    ['cp ~/x y', /a home directory/],
    ['if true; then x; fi', /a compound command \(if\)/],
    ['echo $@', /the expansion/],
    ['mkdir -p {a,b}', /a brace expansion/],
    ['echo "a', /an open double quote/],
    ['&& a', /an && without a command/],
  ])('refuses %j', (script, message) => {
    expect(() => parseScript(script)).toThrow(message);
  });
});

describe('classify', () => {
  const shell = ['/bin/sh', '-c'];
  const why = (script: string) => {
    const classified = classify({ form: 'shell', script }, shell);
    return classified.plain ? 'plain' : classified.why;
  };

  it.each([
    ['go build -o /app .', 'plain'],
    ['go mod download && go mod verify', 'plain'],
    ['CGO_ENABLED=0 GOOS=linux go build -a -installsuffix cgo -o app .', 'plain'],
    ['env CGO_ENABLED=0 go install ./...', 'plain'],
    ['set -eux; mkdir -p /out && cd /src && go build -o /out .', 'plain'],
    ['/usr/local/go/bin/go vet ./...', 'plain'],
    ['apk add git', 'it runs apk'],
    ['go test ./...', 'go test runs programs of the repository'],
    ['go generate ./...', 'go generate runs programs of the repository'],
    ['go run ./cmd/gen', 'go run runs programs of the repository'],
    ['go build -toolexec=/evil .', 'it has the flag -toolexec'],
    ['go build -race .', '-race needs a C compiler'],
    ['go build -buildmode=c-shared .', '-buildmode=c-shared needs a C compiler'],
    ['go mod nonsense', 'it runs go mod nonsense'],
    ['$GO build', 'the name of the command is in a variable'],
    ['make', 'it runs make'],
    [`go build -ldflags="-s -w -X 'main.v=a b' -X=main.w=c -extldflags '-static'" .`, 'plain'],
    ['go build -gcflags="all=-N -l" -tags netgo,osusergo -trimpath .', 'plain'],
    ['go build -ldflags="-linkmode=external -extld=/x" .', '-ldflags has -linkmode'],
    ['go build -ldflags -cpuprofile=/x .', '-ldflags has -cpuprofile'],
    ['go build -gcflags=all=-memprofile=/x .', '-gcflags has -memprofile'],
    ['go build -debug-trace=/x .', 'it has the flag -debug-trace'],
    ['go build -compiler gccgo .', 'it has the flag -compiler gccgo'],
  ])('%j: %s', (script, expected) => {
    expect(why(script)).toBe(expected);
  });

  it('reads the exec form, and a shell in it', () => {
    const exec = (...argv: string[]) => classify({ form: 'exec', argv }, shell).plain;
    expect(exec('go', 'build', '-o', 'a b', '$x')).toBe(true);
    expect(exec('/bin/sh', '-c', 'go build && cp a b')).toBe(true);
    expect(exec('sh', '-c', 'a | b')).toBe(false);
  });

  it('knows the usual shells, and what -e means', () => {
    const strict = classify({ form: 'shell', script: 'go build' }, ['/bin/bash', '-eo', 'pipefail', '-c']);
    expect(strict.plain && strict.commands.length).toBe(2);
    expect(classify({ form: 'shell', script: 'x' }, ['/bin/zsh', '-c']).plain).toBe(false);
  });
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { classify } from '../../../lib/build/go/classify.ts';
import { buildFiles, directory, imageOf, registryOf, Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const VERSION = /go(\d+\.\d+)/.exec(
  execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }),
)?.[1] as string;
const cacheDir = scratch.directory();

const CONTEXT = {
  'a.txt': 'a',
  'd/e': 'e',
  'd/s/f': 'f',
  link: '-> d',
  '.dockerignore': 'Dockerfile\n.dockerignore',
};

/** What is in /w when `lines` were carried out there, in the function engine alone, without what was there before. */
async function made(...lines: string[]): Promise<Record<string, string>> {
  const dockerfile = `FROM golang:${VERSION} AS b\nWORKDIR /w\nCOPY --chown=5:6 . .\n${lines.join('\n')}\nFROM scratch\nCOPY --from=b /w /`;
  const base = await imageOf(scratch, [], { WorkingDir: '/go' });
  const { files } = await buildFiles(
    scratch,
    { ...CONTEXT, Dockerfile: dockerfile },
    { engines: ['function'], cacheDir, registries: registryOf({ [`golang:${VERSION}`]: base }) },
  );
  return Object.fromEntries(Object.entries(files).filter(([path, what]) => BEFORE[path] !== what));
}

const BEFORE: Record<string, string> = {
  'a.txt': 'file 644 5:6 a',
  d: 'directory 755 5:6',
  'd/e': 'file 644 5:6 e',
  'd/s': 'directory 755 5:6',
  'd/s/f': 'file 644 5:6 f',
  link: 'symlink 5:6 -> d',
};

describe('the commands of the function engine', () => {
  it.each<[string, Record<string, string>]>([
    [
      'chmod -R 700 d',
      {
        d: 'directory 700 5:6',
        'd/e': 'file 700 5:6 e',
        'd/s': 'directory 700 5:6',
        'd/s/f': 'file 700 5:6 f',
      },
    ],
    [
      'chmod -R u=rwX,go= d',
      {
        d: 'directory 700 5:6',
        'd/e': 'file 600 5:6 e',
        'd/s': 'directory 700 5:6',
        'd/s/f': 'file 600 5:6 f',
      },
    ],
    ['chmod a=rx a.txt', { 'a.txt': 'file 555 5:6 a' }],
    ['chmod 0400 a.txt && chmod u+x,g+r a.txt', { 'a.txt': 'file 540 5:6 a' }],
    ['chmod +w a.txt d/e', {}],
    ['chmod -r d/e', { 'd/e': 'file 200 5:6 e' }],
    ['chmod 4755 a.txt', { 'a.txt': 'file 4755 5:6 a' }],
    ['chmod 600 a.txt -v', { 'a.txt': 'file 600 5:6 a' }],
    ['mkdir -m 700 x', { x: 'directory 700 0:0' }],
    ['mkdir -pm 1777 x/y', { x: 'directory 755 0:0', 'x/y': 'directory 1777 0:0' }],
    ['mkdir --mode=u=rwx,go= x', { x: 'directory 700 0:0' }],
    ['mkdir d x; true', { x: 'directory 755 0:0' }],
    ['mkdir -p d/s', {}],
    ['chmod 400 a.txt && cp a.txt g', { 'a.txt': 'file 400 5:6 a', g: 'file 400 0:0 a' }],
    ['chmod 666 a.txt && cp a.txt g', { 'a.txt': 'file 666 5:6 a', g: 'file 644 0:0 a' }],
    ['cp -p a.txt g', { g: 'file 644 5:6 a' }],
    ['cp a.txt d/e', { 'd/e': 'file 644 5:6 a' }],
    ['cp -P link l && cp -a link m', { l: 'symlink 0:0 -> d', m: 'symlink 5:6 -> d' }],
    [
      'cp -rT d x && cp -rT d x',
      {
        x: 'directory 755 0:0',
        'x/e': 'file 644 0:0 e',
        'x/s': 'directory 755 0:0',
        'x/s/f': 'file 644 0:0 f',
      },
    ],
    [
      'cp -a d/. x',
      {
        x: 'directory 755 5:6',
        'x/e': 'file 644 5:6 e',
        'x/s': 'directory 755 5:6',
        'x/s/f': 'file 644 5:6 f',
      },
    ],
    ['cp -r d/s x/', { x: 'directory 755 0:0', 'x/f': 'file 644 0:0 f' }],
    ['cp nothing a.txt d; true', { 'd/a.txt': 'file 644 0:0 a' }],
    ['mv a.txt d/s', { 'd/s/a.txt': 'file 644 5:6 a' }],
    ['cd / && cd - && touch x', { x: 'file 644 0:0 ' }],
    ['cd d && cd .. && touch x', { x: 'file 644 0:0 ' }],
    ['cd d/s; cp f $PWD/g; cp f $OLDPWD/h', { 'd/s/g': 'file 644 0:0 f', h: 'file 644 0:0 f' }],
    [
      'mkdir -p $HOME && touch $HOME/x && cp $HOME/x . && cd && cp x /w/y',
      { x: 'file 644 0:0 ', y: 'file 644 0:0 ' },
    ],
    ['HOME=/w/d; cd; touch here', { 'd/here': 'file 644 0:0 ' }],
    ['A=1 B=$A; touch x$B', { x1: 'file 644 0:0 ' }],
    ['set -e; mkdir d && true; touch after', { after: 'file 644 0:0 ' }],
    ['set -e; mkdir d && echo made && true; touch after', { after: 'file 644 0:0 ' }],
    ['set -e; set +e; mkdir d; touch after', { after: 'file 644 0:0 ' }],
    ['set -o errexit; true; touch after', { after: 'file 644 0:0 ' }],
    ['mkdir d && touch no; touch after', { after: 'file 644 0:0 ' }],
  ])('%s', async (script, expected) => {
    expect(await made(`RUN ${script}`)).toEqual(expected);
  });

  it('keeps modes and owners from one RUN to the next', async () => {
    const runs = ['RUN chmod 4500 a.txt', 'RUN chmod g+r a.txt', 'RUN mv a.txt b && cp -p b c'];
    expect(await made(...runs)).toEqual({ b: 'file 4540 5:6 a', c: 'file 4540 5:6 a' });
  });

  it.each([
    ['set -e; true && mkdir d; touch after', /File exists/],
    ['set -e; mkdir d; touch after', /File exists/],
    ['touch a/b', /No such file/],
    ['cp a.txt a.txt', /are the same file/],
    ['cp a.txt nowhere/', /cannot create 'nowhere\/'/],
    ['mkdir -p a.txt', /File exists/],
    ['rm d', /Is a directory/],
    ['rm -rf d/..', /refusing to remove/],
  ])('%s fails, as anywhere', async (script, message) => {
    await expect(made(`RUN ${script}`)).rejects.toMatchObject({
      code: 'build/run-failed',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    [
      'cp /etc/ssl/certs/ca-certificates.crt .',
      /it needs \/etc\/ssl\/certs\/ca-certificates\.crt of the base/,
    ],
    ['cp -r /usr/local/go .', /it copies \/usr\/local\/go of the base/],
    ['chmod -R 755 /usr', /it changes \/usr of the base/],
    ['cp -r d /usr/local/share/x', /it needs \/usr\/local\/share\/x of the base/],
    ['cp -r /go/pkg/mod .', /it needs \/go\/pkg\/mod of the base/],
    ['touch /dev/x', /\/dev\/x is the container's/],
    ['cp a.txt link/../x', /climbs out of a symlink/],
    ['X="*.txt"; cp $X d', /a wildcard in \$X/],
    ['set -u; touch $NONE', /\$NONE is not set/],
    ['touch $UID', /\$UID is the shell's own/],
  ])('%s is for another engine, and not the fault of who wrote it', async (script, message) => {
    await expect(made(`RUN ${script}`)).rejects.toMatchObject({
      code: 'build/no-engine',
      message: expect.stringMatching(message),
    });
  });

  it('knows before anything is done which options it has not', () => {
    const why = (script: string) => {
      const classified = classify({ form: 'shell', script }, ['/bin/sh', '-c']);
      return classified.plain ? 'plain' : classified.why;
    };
    expect(Object.fromEntries(Object.keys(NOT_PLAIN).map((script) => [script, why(script)]))).toEqual(
      NOT_PLAIN,
    );
  });
});

describe('a stage whose commands are not root’s', () => {
  it("is another engine's, also where the base alone says so", async () => {
    const base = await imageOf(scratch, [directory('go'), directory('tmp', 0o1777)], { User: '65532' });
    const registries = registryOf({ [`golang:${VERSION}`]: base });
    for (const lines of ['RUN touch /tmp/x', 'USER 0\nRUN touch /tmp/x\nUSER 5\nRUN touch /tmp/y']) {
      const Dockerfile = `FROM golang:${VERSION}\n${lines}\n`;
      const built = buildFiles(scratch, { Dockerfile }, { registries, engines: ['function'] });
      await expect(built).rejects.toMatchObject({
        code: 'build/no-engine',
        message: expect.stringMatching(/it runs as the user (65532|5)/),
      });
    }
    const Dockerfile = `FROM golang:${VERSION}\nUSER root\nRUN touch /tmp/x\n`;
    const { files } = await buildFiles(scratch, { Dockerfile }, { registries, engines: ['function'] });
    expect(files['tmp/x']).toBe('file 644 0:0 ');
  });
});

const MODULES_FIRST = `FROM golang:${VERSION} AS modules
COPY go.mod /modules/
WORKDIR /modules
RUN go mod download
FROM golang:${VERSION} AS builder
COPY --from=modules /go/pkg /go/pkg
COPY . /app
WORKDIR /app
RUN CGO_ENABLED=0 go build -o $PWD/bin/app ./cmd/app
FROM scratch
COPY --from=builder /app/bin/app /app
`;

describe('modules that one stage has for another', () => {
  it('are there', async () => {
    const context = {
      'go.mod': `module example.com/app\n\ngo ${VERSION}\n`,
      'cmd/app/main.go': 'package main\n\nfunc main() {}\n',
      Dockerfile: MODULES_FIRST,
    };
    const { files } = await buildFiles(scratch, context, { engines: ['function'] });
    expect(Object.keys(files)).toEqual(['app']);
  });

  it('are looked for in the files of the stage by who takes them by a variable', async () => {
    const Dockerfile = `${MODULES_FIRST.split('FROM scratch')[0]}FROM scratch\nARG D=pkg/mod\nCOPY --from=modules /go/$D /\n`;
    const context = { 'go.mod': `module example.com/app\n\ngo ${VERSION}\n`, Dockerfile };
    await expect(buildFiles(scratch, context, { engines: ['function'] })).rejects.toMatchObject({
      code: 'build/no-engine',
    });
  });
});

const NOT_PLAIN: Record<string, string> = {
  'chmod --reference=a b': 'chmod has the option --reference=a',
  'chmod = f': 'the mode is "=", which the umask has a say in',
  'chmod 9 f': 'the mode is "9"',
  'mkdir -Z x': 'mkdir has the option -Z',
  'mkdir -m nonsense x': 'the mode is "nonsense"',
  'cp -u a b': 'cp has the option -u',
  'cp --parents a b': 'cp has the option --parents',
  'cp a b --backup': 'cp has the option --backup',
  'mv -n a b': 'mv has the option -n',
  'rm -i a': 'rm has the option -i',
  'touch -d yesterday a': 'touch has the option -d',
  'cd -P /x': 'it runs cd -P /x',
  'cd a b': 'it runs cd a b',
  'set -o pipefail': 'it is for set -o pipefail',
  'set -- a b': 'it is for set -- a b',
  'set -n': 'it is for set -n',
  'export -n X': 'it runs export -n',
  'IFS=,; go build': 'it sets IFS',
  'X=1 cd /x': 'it sets a variable in front of cd',
  'env cd /x': 'cd is no program',
  'touch $RANDOM': "$RANDOM is the shell's own",
  'touch $?': 'the expansion $?',
  'touch $$': 'the expansion $$',
  'touch $0': 'the expansion $0',
  'touch $@': 'the expansion $@',
};

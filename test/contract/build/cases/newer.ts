// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { CONTEXT, type Expected, one, type Refused, refused } from './case.ts';

const PARENTS = 'COPY --parents is in the labs channel until 1.20 of the frontend';
const EXCLUDE = 'COPY --exclude is in the labs channel until 1.19 of the frontend';
const MODES = 'symbolic modes came with 1.14 of the frontend';
const UNPACK = 'ADD --unpack came with 1.17 of the frontend';
const SECRET_ENV = 'secrets as variables came with 1.10 of the frontend';
const GIT_SUM = 'checksums of git commits came with 1.16 of the frontend';

/** What the frontend of Debian's BuildKit (1.7) has not. */
export const NEWER: Expected[] = [
  {
    ...one('FROM scratch', 'COPY --parents deep/one/two/three.txt a.txt /p/'),
    lacks: PARENTS,
    files: {
      'p/deep/one/two/three.txt': 'file 644 0:0 3',
      'p/a.txt': 'file 644 0:0 a',
      'p/deep/one': 'directory 755 0:0',
    },
  },
  {
    ...one('FROM scratch', 'COPY --parents deep/./one/two/three.txt /p/'),
    lacks: PARENTS,
    files: { 'p/one/two/three.txt': 'file 644 0:0 3', 'p/deep': undefined },
  },
  {
    ...one('FROM scratch', 'COPY --parents **/x **/*.txt /p/'),
    lacks: PARENTS,
    files: {
      'p/dir/x': 'file 644 0:0 x',
      'p/deep/one/two/three.txt': 'file 644 0:0 3',
      'p/a.txt': 'file 644 0:0 a',
      'p/dir/sub': undefined,
    },
  },
  {
    ...one('FROM BASE AS b', 'FROM scratch', 'COPY --from=b --parents /./old/sub /etc/passwd /p/'),
    lacks: PARENTS,
    files: { 'p/old/sub/file': 'file 644 0:0 sub\n', 'p/old/file': undefined },
  },
  {
    ...one('FROM scratch', 'COPY --exclude=*.txt . /p/'),
    lacks: EXCLUDE,
    files: { 'p/c.md': 'file 644 0:0 c', 'p/a.txt': undefined, 'p/deep/one/two/three.txt': 'file 644 0:0 3' },
  },
  {
    ...one('FROM scratch', 'COPY --exclude=**/x --exclude=**/sub dir /p/'),
    lacks: EXCLUDE,
    files: { 'p/x': undefined, 'p/sub': undefined, 'p/link': 'symlink 0:0 -> x' },
  },
  {
    ...one('FROM scratch', 'ADD --exclude=b.txt *.txt /p/'),
    lacks: EXCLUDE,
    files: { 'p/a.txt': 'file 644 0:0 a', 'p/b.txt': undefined },
  },
  { ...one('FROM scratch', 'COPY --chmod=u+x,go-r a.txt /p'), lacks: MODES, files: { p: 'file 700 0:0 a' } },
  {
    ...one('FROM scratch', 'COPY --chmod=u=rwX,go=rX dir run.sh /p/'),
    lacks: MODES,
    files: {
      'p/x': 'file 644 0:0 x',
      'p/sub': 'directory 755 0:0',
      'p/run.sh': 'file 755 0:0 #!/bin/sh\necho run\n',
    },
  },
  {
    ...one('FROM scratch', 'ARG MODE=0600', 'COPY --chmod=$MODE a.txt /p'),
    lacks: 'variables in --chmod came with 1.8 of the frontend',
    files: { p: 'file 600 0:0 a' },
  },
  {
    ...one('FROM scratch', 'ADD --unpack=false archives/plain.tar.gz /p/'),
    archives: true,
    lacks: UNPACK,
    files: { 'p/file': undefined },
  },
  {
    ...one('FROM scratch', 'ADD --unpack=true WEB/archives/plain.tar.gz /p/'),
    archives: true,
    lacks: UNPACK,
    files: { 'p/file': 'file 644 0:0 file names p/file p/sub/hard' },
  },
  {
    ...one(
      'FROM BASE',
      'RUN --mount=type=secret,id=s,env=TOKEN echo ${#TOKEN} > /x; ls /run/secrets 2>/dev/null >> /x; true',
    ),
    secrets: { s: 'very secret' },
    lacks: SECRET_ENV,
    files: { x: 'file 644 0:0 11\n' },
  },
  {
    ...one(
      'FROM BASE',
      'RUN --mount=type=secret,id=s,env=TOKEN,target=/k echo ${#TOKEN} > /x; wc -c < /k >> /x',
    ),
    secrets: { s: 'very secret' },
    lacks: SECRET_ENV,
    files: { x: 'file 644 0:0 11\n11\n' },
  },
  {
    ...one('FROM scratch', 'ADD --checksum=COMMIT WEB/repo.git#v1 /git/'),
    lacks: GIT_SUM,
    files: { 'git/readme': 'file 644 0:0 first\n' },
  },
  {
    ...one('FROM scratch', 'ADD WEB/repo.git?tag=v1&subdir=sub /git/'),
    lacks: 'query strings of git sources came with 1.18 of the frontend',
    files: { 'git/x': 'file 644 0:0 x\n' },
  },
  {
    ...one('FROM BASE AS two', 'ARG TARGETSTAGE', 'LABEL s=$TARGETSTAGE'),
    target: 'two',
    lacks: 'later frontends tell the target stage',
    config: { Labels: { base: 'yes', s: 'two' } },
  },
  {
    ...one(
      'FROM BASE AS src',
      'COPY a.txt /',
      'FROM BASE AS a',
      'ONBUILD COPY --from=src /a.txt /t',
      'FROM a',
    ),
    lacks: 'COPY --from in ONBUILD came with 1.11 of the frontend',
    files: { t: 'file 644 0:0 a' },
  },
  {
    ...one('FROM BASE', 'ARG A=a B=${A}b', 'LABEL b=$B'),
    lacks: 'later frontends let an argument see those before it in the same instruction',
    config: { Labels: { base: 'yes', b: 'ab' } },
  },
  {
    ...one('FROM BASE', 'RUN --mount=type=bind,target=/s ls -A /s > /x'),
    context: { ...CONTEXT, '.dockerignore': '*\n!a.txt' },
    lacks: 'nothing: what a bind shows of an ignored context, said outright',
    files: { x: 'file 644 0:0 a.txt\n' },
  },
];

export const NEWER_ERRORS: Refused[] = [
  { ...refused(2, /security/, 'FROM BASE', 'RUN --security=nonsense true') },
  {
    ...refused(2, /network/, 'FROM BASE', 'RUN --network=host true'),
    theirs: 'it was told to let every RUN have the machine’s network',
  },
  { ...refused(2, /insecure/, 'FROM BASE', 'RUN --security=insecure true') },
  {
    ...refused(2, /mode|chmod/, 'FROM scratch', 'COPY --chmod=u+q a.txt /'),
    theirs: 'BuildKit of 2024 passed over modes that it did not understand',
  },
  {
    ...refused(2, /mode|chmod/, 'FROM scratch', 'COPY --chmod=999 a.txt /'),
    theirs: 'BuildKit of 2024 passed over modes that it did not understand',
  },
];

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.

/** A Dockerfile that both builders build; `BASE` in it is the base image of registry.ts. */
export interface Case {
  name: string;
  dockerfile: string;
  /** The context: contents by path, as `Scratch.context` reads them; CONTEXT when it is left out. */
  context?: Record<string, string>;
  /** Flags that `docker build` and `fairlead build` have in common. */
  buildArgs?: Record<string, string>;
  target?: string;
  /** Where we differ, and why. Paths are left out of the comparison, configuration by its key. */
  differs?: { files?: RegExp; config?: string[]; because: string };
}

export const CONTEXT: Record<string, string> = {
  'a.txt': 'a',
  'b.txt': 'bb',
  'c.md': 'c',
  'run.sh': '#!/bin/sh\necho run\n',
  'dir/x': 'x',
  'dir/sub/y': 'y',
  'dir/link': '-> x',
  'dir/dangling': '-> nowhere',
  link: '-> a.txt',
  'linked-dir': '-> dir',
  'empty/': '',
  '[x].txt': 'brackets',
  'deep/one/two/three.txt': '3',
};

const lines = (...text: string[]) => text.join('\n');

/** A case whose name is its Dockerfile's second line and on. */
function one(...text: string[]): Case {
  return { name: text.slice(1).join(' ; '), dockerfile: lines(...text) };
}

export const CASES: Case[] = [
  // COPY
  one('FROM scratch', 'COPY a.txt /'),
  one('FROM scratch', 'COPY a.txt /b'),
  one('FROM scratch', 'COPY a.txt /d/e/'),
  one('FROM scratch', 'COPY a.txt d/e'),
  one('FROM scratch', 'COPY a.txt b.txt c.md /d/'),
  one('FROM scratch', 'COPY *.txt run.sh ./'),
  one('FROM scratch', 'COPY ?.* /d/'),
  one('FROM scratch', 'COPY [ab].txt /d/'),
  one('FROM scratch', 'COPY dir /'),
  one('FROM scratch', 'COPY dir/ /d'),
  one('FROM scratch', 'COPY dir /d/'),
  one('FROM scratch', 'COPY dir dir/sub /d/'),
  one('FROM scratch', 'COPY . /all'),
  one('FROM scratch', 'COPY . .'),
  one('FROM scratch', 'COPY d* /d/'),
  one('FROM scratch', 'COPY d*/sub /d/'),
  one('FROM scratch', 'COPY link /x'),
  one('FROM scratch', 'COPY link linked-dir /x/'),
  one('FROM scratch', 'COPY linked-dir/sub /y'),
  one('FROM scratch', 'COPY dir/link /z/'),
  one('FROM scratch', 'COPY empty /empty'),
  one('FROM scratch', 'COPY --chown=5 a.txt /d/'),
  one('FROM scratch', 'COPY --chown=5:6 dir /d'),
  one('FROM scratch', 'COPY ["a.txt", "/with space/"]'),
  one('FROM scratch', 'COPY a.txt /x', 'COPY b.txt /x'),
  one('FROM scratch', 'COPY dir /d', 'COPY a.txt /d'),
  one('FROM scratch', 'COPY dir /d', 'COPY deep /d'),
  one('FROM scratch', 'COPY deep/one/two/three.txt /a/b/'),
  one('FROM scratch', 'COPY ./a.txt /./x/../y'),
  one('FROM scratch', 'ADD a.txt dir /d/'),
  // COPY onto a base
  one('FROM BASE', 'COPY a.txt /tmp'),
  one('FROM BASE', 'COPY a.txt /usr/bin'),
  one('FROM BASE', 'COPY a.txt /link/x'),
  one('FROM BASE', 'COPY a.txt /abs/'),
  one('FROM BASE', 'COPY dir /link'),
  one('FROM BASE', 'COPY dir /home/app'),
  one('FROM BASE', 'COPY --chown=app a.txt /home/app/d/'),
  one('FROM BASE', 'COPY --chown=app:staff dir /d'),
  one('FROM BASE', 'COPY --chown=root:50 dir /home/app/'),
  one('FROM BASE', 'COPY a.txt /old/file'),
  one('FROM BASE', 'WORKDIR /home/app', 'COPY a.txt .', 'COPY b.txt ./d/', 'COPY c.md d'),
  // COPY --from
  one(
    'FROM BASE AS b',
    'RUN mkdir /o && echo 1 > /o/f && chown app /o/f && chmod 600 /o/f && ln -s f /o/l',
    'FROM scratch',
    'COPY --from=b /o /p',
  ),
  one('FROM BASE AS b', 'RUN mkdir /o && echo 1 > /o/f', 'FROM scratch', 'COPY --from=0 --chown=7 /o/f /'),
  one('FROM scratch', 'COPY --from=BASE /old /etc/passwd /x/'),
  one('FROM scratch', 'COPY --from=BASE /link /x'),
  one('FROM BASE AS a', 'COPY a.txt /', 'FROM a AS b', 'COPY b.txt /', 'FROM b', 'RUN rm /a.txt'),
  // RUN
  one('FROM BASE', 'RUN echo hi > /hi'),
  one('FROM BASE', 'RUN rm -rf /old'),
  one('FROM BASE', 'RUN rm /old/file && rm -r /old/sub'),
  one('FROM BASE', 'RUN rm -rf /old/sub && mkdir /old/sub && touch /old/sub/new'),
  one('FROM BASE', 'RUN rm -rf /old && touch /old'),
  one('FROM BASE', 'RUN mv /old /new'),
  one('FROM BASE', 'RUN chmod 700 /old && chown app:staff /old/sub/file'),
  one('FROM BASE', 'RUN ln -s /etc /e && ln /etc/passwd /p'),
  one('FROM BASE', 'RUN touch /s && chmod 4755 /s && mkdir -m 1777 /t'),
  one('FROM BASE', 'RUN echo more >> /old/sub/file', 'RUN echo more >> /old/sub/file'),
  one('FROM BASE', 'RUN ["sh", "-c", "echo $0 $1 > /x", "a", "b c"]'),
  one(
    'FROM BASE',
    'RUN id -u > /w && pwd >> /w && echo $HOME $BASE >> /w',
    'USER app',
    'WORKDIR /home',
    'RUN id -u > /tmp/w; id -g >> /tmp/w; pwd >> /tmp/w; echo $HOME >> /tmp/w',
  ),
  one('FROM BASE', 'ENV A=1', 'ARG B=2', 'RUN echo "$A $B" > /x', 'ENV B=3', 'RUN echo "$B" > /y'),
  one('FROM BASE', 'SHELL ["/bin/sh", "-uc"]', 'RUN echo > /x', 'CMD echo x'),
  {
    ...one('FROM BASE', 'RUN --mount=type=cache,target=/cache echo x > /cache/x', 'RUN test ! -e /cache/x'),
    differs: {
      files: /^cache$/,
      because: 'BuildKit of 2021 left the mount point behind; today it takes it away again',
    },
  },
  one('FROM BASE', 'WORKDIR /new/dir', 'RUN pwd > out', 'WORKDIR ../other', 'RUN pwd > out'),
  one('FROM BASE', 'COPY run.sh /bin/', 'RUN run.sh > /out'),
  one('FROM BASE', 'RUN echo a && \\', '    # a comment', '', '    echo b > /b'),
  // configuration
  one('FROM scratch', 'COPY a.txt /', 'CMD ["a", "b"]'),
  one('FROM BASE', 'CMD a b'),
  one('FROM BASE', 'ENTRYPOINT ["x"]'),
  one('FROM BASE', 'CMD ["c"]', 'ENTRYPOINT x y'),
  one('FROM BASE AS a', 'ENTRYPOINT ["x"]', 'CMD ["y"]', 'FROM a', 'ENTRYPOINT ["z"]'),
  one(
    'FROM BASE',
    'ENV A=1 B="x y" C=$A',
    'ENV D e f',
    "ENV E='$A' F=a\\ b",
    'ENV A=2',
    'ENV G=${A}${NONE:-none}${A:+set}',
  ),
  one('FROM BASE', 'EXPOSE 80 443/tcp 53/udp', 'EXPOSE 8000-8002'),
  one('FROM BASE', 'LABEL a=1 "b c"="d e"', 'LABEL a=2', 'LABEL f g'),
  one('FROM BASE', 'USER app:staff', 'WORKDIR /w', 'STOPSIGNAL SIGINT'),
  one('FROM BASE', 'VOLUME /v /w', 'VOLUME ["/x y"]'),
  one('FROM BASE', 'HEALTHCHECK --interval=5s --timeout=1m --retries=4 --start-period=2s CMD curl x'),
  one('FROM BASE', 'HEALTHCHECK CMD ["a", "b"]'),
  one('FROM BASE', 'HEALTHCHECK NONE'),
  one('FROM BASE', 'WORKDIR a', 'WORKDIR b'),
  {
    ...one('FROM BASE', 'WORKDIR /c/../d', 'COPY a.txt .'),
    differs: {
      config: ['WorkingDir'],
      because: 'BuildKit of 2021 did not clean an absolute path; today it does',
    },
  },
  one('FROM BASE', 'USER app', 'WORKDIR /home/app/w/v', 'COPY a.txt .'),
  one('FROM BASE', 'WORKDIR $BASE/x', 'ENV P=/p', 'WORKDIR ${P}/q'),
  // ARG
  { ...one('ARG TAG=nope', 'FROM BASE', 'ARG TAG', 'LABEL tag=$TAG'), buildArgs: { TAG: 'given' } },
  { ...one('FROM BASE', 'ARG X=default', 'ARG Y', 'LABEL x=$X y=${Y:-none}'), buildArgs: { X: 'given' } },
  one('ARG G=global', 'FROM BASE', 'LABEL a=$G', 'ARG G', 'LABEL b=$G', 'ARG G=local', 'LABEL c=$G'),
  one('ARG S=b', 'FROM BASE AS b', 'LABEL which=b', 'FROM ${S}', 'LABEL top=yes'),
  one('FROM BASE', 'ARG TARGETOS', 'ARG TARGETARCH', 'ENV T=$TARGETOS/$TARGETARCH'),
  one('FROM --platform=$BUILDPLATFORM BASE', 'ARG BUILDPLATFORM', 'ENV T=$BUILDPLATFORM'),
  one('FROM BASE', 'ARG F=a.txt', 'COPY $F /${F}'),
  // targets and ignore rules
  { ...one('FROM BASE AS one', 'LABEL n=1', 'FROM BASE AS two', 'LABEL n=2'), target: 'one' },
  {
    name: '.dockerignore',
    dockerfile: 'FROM scratch\nCOPY . /',
    context: { ...CONTEXT, '.dockerignore': '*.txt\n!b.txt\ndir/sub\n**/three.txt\n# c.md\nDockerfile\n' },
  },
  {
    name: '.dockerignore that lets in what is in a directory that it leaves out',
    dockerfile: 'FROM scratch\nCOPY . /',
    context: { ...CONTEXT, '.dockerignore': '*\n!dir/sub/y\n' },
  },
  one('# escape=`', 'FROM BASE', 'RUN echo a `', ' > /x', 'ENV P=c:\\x'),
];

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { type Case, CONTEXT, one } from './case.ts';

/** Some files with owners and modes, then a RUN in the directory that they are in. */
function commands(...runs: string[]): Case {
  const files = ['COPY --chown=5:6 . /w', 'COPY --chmod=400 a.txt /w/secret', 'WORKDIR /w'];
  const lines = runs.map((run) => `RUN ${run}`);
  return {
    name: runs.join(' ; '),
    dockerfile: ['FROM GOLANG', ...files, ...lines].join('\n'),
    // It names the registry, which is another one each time.
    context: { ...CONTEXT, '.dockerignore': 'Dockerfile\n' },
  };
}

/** What the function engine does itself, without a shell, on a base that is called as Docker's image of Go. */
export const GOLANG: Case[] = [
  commands('mkdir x x/y && mkdir -p x/z/z x && mkdir -m 700 m && mkdir -pm 1777 n/o'),
  commands('mkdir --mode=u=rwx,go= m && mkdir -m +x n && mkdir --parents p/q -m 750'),
  commands('mkdir dir new; mkdir -p a.txt/x; true'),
  commands('cp a.txt x && cp secret y && cp a.txt dir && cp a.txt b.txt dir/sub'),
  commands('cp -p a.txt x && cp -p secret dir/x && cp secret b.txt && cp -f a.txt c.md'),
  commands(
    'rm dir/dangling dir/link && cp -r dir x && cp -r dir x && cp -R dir/. y && cp -rT dir x && cp -r dir z/',
  ),
  commands('cp -a dir x && cp -a dir/. empty && cp -a link l'),
  commands('cp link x && cp -P link y && cp -d link z && cp -r linked-dir e; cp -rL linked-dir d; true'),
  commands('cp nothing a.txt dir; cp dir x; cp a.txt a.txt; true'),
  commands('mv a.txt x && mv b.txt c.md dir && mv dir/sub . && mv -T dir moved && mv link linked'),
  commands('mv nothing a.txt dir; mv dir a.txt; mv a.txt a.txt; true'),
  commands('rm a.txt link && rm -f nothing b.txt && rm -r dir && rm -rf deep empty/'),
  commands('rm dir nothing c.md; rm -f; rm -rf dir/..; true'),
  commands('chmod 600 a.txt && chmod 4755 b.txt && chmod -R u=rwX,go=rX dir && chmod +x,o= c.md'),
  commands(
    'chmod -R 750 deep && chmod a=rx run.sh && chmod g+w,o-r link && chmod u+s,+t dir',
    'chmod g+x b.txt',
  ),
  commands('chmod -x run.sh && chmod +w a.txt b.txt && chmod u-r secret && chmod go=u c.md'),
  commands('chmod 600 nothing a.txt; true'),
  commands('touch x a.txt link && touch -c y && touch nowhere/z; true'),
  commands('chmod 4555 a.txt', 'mv a.txt x && cp -p x y && chmod o-x x', 'cp -p x z'),
  commands('cd dir && cp x $PWD/p && cd - && cp a.txt $OLDPWD/o && cd .. && touch w/up'),
  commands('cd && mkdir $HOME/h'),
  commands('HOME=/w/dir; cd; touch here; mkdir ${HOME}/${NONE:-none} "$HOME/a b"'),
  commands('X=x Y=$X; touch $X$Y; Z="p q"; touch $Z; export W=w V=$X && touch $W$V'),
  commands('set -e; mkdir dir && echo made; touch after'),
  commands('set -e; mkdir dir && true && true; touch after; mkdir x && touch x/y'),
  commands('set -eu; set +e; mkdir dir; touch after', 'mkdir dir && touch no; touch after2'),
  one('FROM GOLANG AS a', 'WORKDIR /w', 'ENV HOME=/w/h', 'FROM a', 'RUN mkdir $HOME && cd && touch $PWD/x'),
  one(
    'FROM GOLANG',
    'USER 0:0',
    'SHELL ["/bin/sh", "-ec"]',
    'RUN ["mkdir", "-p", "$HOME/x"]',
    'RUN touch /go/x',
  ),
];

/** What another engine has to do. */
export const GOLANG_ELSEWHERE: Case[] = [
  one('FROM GOLANG AS a', 'USER 5:6', 'FROM a', 'RUN touch /tmp/x'),
  one('FROM GOLANG', 'RUN cp /etc/passwd /x && chmod -R go= /old'),
  one('FROM GOLANG', 'RUN mkdir /w && cd /w && touch $$ && cp -u /etc/group x && mv -n x y'),
];

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { type Case, one } from './case.ts';

const LOST_LINK = 'BuildKit’s overlay does not see that a file of a lower layer has got another name';

export const RUN: Case[] = [
  one('FROM BASE', 'RUN echo hi > /hi'),
  one('FROM BASE', 'RUN rm -rf /old'),
  one('FROM BASE', 'RUN rm /old/file && rm -r /old/sub'),
  one('FROM BASE', 'RUN rm -rf /old/sub && mkdir /old/sub && touch /old/sub/new'),
  one('FROM BASE', 'RUN rm -rf /old && touch /old'),
  one('FROM BASE', 'RUN rm /link && mkdir /link && touch /link/x'),
  one('FROM BASE', 'RUN rm -rf /old && ln -s /etc /old'),
  one('FROM BASE', 'RUN mv /old /new'),
  one('FROM BASE', 'RUN mv /old/sub/file /old/file'),
  one('FROM BASE', 'RUN chmod 700 /old && chown app:staff /old/sub/file'),
  {
    ...one('FROM BASE', 'RUN ln -s /etc /e && ln /etc/passwd /p'),
    differs: { files: /^(p|etc\/passwd)$/, because: LOST_LINK },
  },
  {
    ...one('FROM BASE', 'RUN ln /old/file /third', 'RUN echo x >> /old/hard'),
    differs: { files: /^(third|old\/file)$/, because: LOST_LINK },
  },
  one('FROM BASE', 'RUN echo a > /1 && ln /1 /2 && ln /1 /usr/3', 'RUN rm /1'),
  one('FROM BASE', 'RUN touch /s && chmod 4755 /s && mkdir -m 1777 /t && mkdir -m 2755 /g'),
  one('FROM BASE', 'RUN chown -h 5:6 /link && chown 70000:80000 /old/file && chown 4000000:4000000 /old'),
  one('FROM BASE', 'RUN mkfifo -m 640 /pipe'),
  one('FROM BASE', 'RUN mknod /null c 1 3 && mknod /disk b 8 1 && chmod 600 /disk'),
  one('FROM BASE', 'RUN cp /bin/cat /cat && setcap cap_net_bind_service=+ep /cat'),
  one('FROM BASE', 'RUN touch /f && setfattr -n user.name -v value /f && setfattr -n user.dir -v "" /old'),
  one('FROM BASE', 'RUN cp /bin/cat /c && setcap cap_chown=ep /c', 'RUN chmod 700 /c', 'RUN chown app /c'),
  one('FROM BASE', 'RUN dd if=/dev/zero of=/big bs=1048576 count=40 2>/dev/null && echo end >> /big'),
  one('FROM BASE', 'RUN dd if=/dev/zero of=/sparse bs=1 count=1 seek=30000000 2>/dev/null'),
  one(
    'FROM BASE',
    'RUN printf "" > "/with blank" && touch "/ünï" "/qu\'ote" \'/do"uble\' /-dash "/$(printf "a\\nb")"',
  ),
  one('FROM BASE', 'RUN d=$(printf "%0200d" 0); mkdir -p /$d/$d/$d && touch /$d/$d/$d/f && ln -s /$d/$d /l'),
  one('FROM BASE', 'RUN touch /.wh && mkdir /.d && touch /.d/.h'),
  one(
    'FROM BASE',
    'RUN mkdir -p /a/b/c && touch /a/b/c/d',
    'RUN rm -r /a/b',
    'RUN mkdir -p /a/b && touch /a/b/e',
  ),
  one('FROM BASE', 'RUN touch /x', 'RUN rm /x', 'RUN touch /y'),
  one('FROM BASE', 'RUN true'),
  one('FROM BASE', 'RUN echo more >> /old/sub/file', 'RUN echo more >> /old/sub/file'),
  one('FROM BASE', 'RUN ["sh", "-c", "echo $0 $1 > /x", "a", "b c"]'),
  one('FROM BASE', 'RUN [ -e /etc/passwd ] && echo not json > /x'),
  one('FROM BASE', 'RUN echo "a" \'b\' $BASE \\$BASE > /x; echo "${NONE:-none}" >> /x'),
  one(
    'FROM BASE',
    'RUN id -u > /w && pwd >> /w && echo $HOME $BASE >> /w',
    'USER app',
    'WORKDIR /home',
    'RUN id -u > /tmp/w; id -g >> /tmp/w; id -G >> /tmp/w; pwd >> /tmp/w; echo $HOME >> /tmp/w',
  ),
  one('FROM BASE', 'USER 1000', 'RUN id -u > /tmp/w; id -g >> /tmp/w; id -G >> /tmp/w; echo $HOME >> /tmp/w'),
  one(
    'FROM BASE',
    'USER 77:88',
    'RUN id -u > /tmp/w; id -g >> /tmp/w; id -G >> /tmp/w; echo $HOME >> /tmp/w',
  ),
  one('FROM BASE', 'USER app:50', 'RUN id -u > /tmp/w; id -g >> /tmp/w; touch /tmp/x /home/app/y'),
  one(
    'FROM BASE',
    'RUN echo "root:x:0:app,root" >> /etc/group; echo "more:x:8:root" >> /etc/group',
    ...['root', '0', '5', 'app:', '1000:staff', '5:staff', '1000:1001'].flatMap((user) => [
      `USER ${user}`,
      `RUN echo $(id -u) $(id -G) $HOME > /tmp/${user}`,
    ]),
  ),
  one('FROM BASE', 'USER :staff', 'RUN id -u > /w; id -g >> /w'),
  one(
    'FROM BASE',
    'RUN umask > /u; env | sort | grep -v -i proxy > /e; hostname > /dev/null; ls /dev | sort > /d',
  ),
  one('FROM BASE', 'RUN grep -E "^Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs" /proc/self/status > /caps'),
  one('FROM BASE', 'ENV A=1', 'ARG B=2', 'RUN echo "$A $B" > /x', 'ENV B=3', 'RUN echo "$B" > /y'),
  one('FROM BASE', 'ENV PATH=/usr/local/bin:$PATH HOME=/tmp', 'RUN echo $PATH $HOME > /x'),
  one('FROM BASE', 'SHELL ["/bin/sh", "-uc"]', 'RUN echo > /x', 'CMD echo x'),
  one('FROM BASE', 'SHELL ["/bin/sh", "-ec"]', 'RUN false || echo $0 > /x; echo b >> /x', 'ENTRYPOINT e f'),
  one('FROM BASE', 'WORKDIR /new/dir', 'RUN pwd > out', 'WORKDIR ../other', 'RUN pwd > out'),
  one('FROM BASE', 'WORKDIR /link/w', 'RUN pwd > out', 'COPY a.txt .'),
  one('FROM BASE', 'COPY run.sh /bin/', 'RUN run.sh > /out'),
  one('FROM BASE', 'RUN echo a && \\', '    # a comment', '', '    echo b > /b'),
  one('FROM BASE', 'RUN rm -f /etc/hosts /etc/resolv.conf; true', 'RUN ls /etc > /listing'),
  one('FROM BASE', 'RUN ls -la /etc/hosts > /dev/null && echo 1 > /etc/added'),
  one('FROM BASE', 'RUN touch /dev/x /proc/x /sys/x 2>/dev/null; mkdir -p /dev/shm/x /run/y; true'),
  one('FROM BASE', 'VOLUME /v', 'RUN mkdir -p /v && echo kept > /v/x', 'COPY a.txt /v/'),
  one('FROM BASE', 'RUN (sleep 100 &) ; echo started > /x'),
  one(
    'FROM BASE',
    'RUN cat /dev/null | wc -c > /x; echo $? >> /x; read -r l < /dev/stdin || echo no input >> /x',
  ),
  one('FROM BASE', 'RUN --network=none test "$(ls /sys/class/net)" = lo && echo alone > /x'),
  one('FROM BASE', 'RUN --network=default echo x > /x'),
];

export const MOUNTS: Case[] = [
  one('FROM BASE', 'RUN --mount=type=cache,target=/cache echo x > /cache/x', 'RUN test ! -e /cache/x'),
  one(
    'FROM BASE',
    'RUN --mount=type=cache,target=/again echo x > /again/x',
    'RUN --mount=type=cache,target=/again cat /again/x > /read',
  ),
  one(
    'FROM BASE',
    'RUN --mount=type=cache,id=mine,target=/c1 echo x > /c1/x',
    'RUN --mount=type=cache,id=mine,dst=/c2,ro cat /c2/x > /read; touch /c2/y 2>/dev/null || echo ro >> /read',
  ),
  one(
    'FROM BASE',
    'RUN --mount=type=cache,id=mode,target=/c,mode=0750,uid=5,gid=6 stat -c "%a %u %g" /c > /x',
  ),
  one(
    'FROM BASE AS src',
    'RUN mkdir -p /seed/d && echo s > /seed/d/f',
    'FROM BASE',
    'RUN --mount=type=cache,id=seeded,from=src,source=/seed,target=/c cat /c/d/f > /x',
  ),
  one(
    'FROM BASE',
    'RUN --mount=type=cache,id=l,target=/c,sharing=locked --mount=type=cache,id=p,target=/d,sharing=private ls /c /d > /x',
  ),
  one('FROM BASE', 'WORKDIR /w', 'RUN --mount=type=cache,target=rel touch rel/x; ls -d rel > /x'),
  one('FROM BASE', 'RUN --mount=type=bind,target=/src cat /src/a.txt /src/dir/x > /x; ls /src | sort >> /x'),
  one(
    'FROM BASE',
    'RUN --mount=target=/src,source=dir ls /src > /x; touch /src/new 2>/dev/null || echo ro >> /x',
  ),
  one('FROM BASE', 'RUN --mount=type=bind,source=a.txt,target=/etc/a cat /etc/a > /x'),
  one(
    'FROM BASE',
    'RUN --mount=type=bind,target=/src,rw echo new > /src/new && cat /src/new > /x',
    'RUN test ! -e /src/new',
  ),
  one('FROM BASE', 'WORKDIR /w', 'RUN --mount=type=bind,target=. ls | sort > /x'),
  one('FROM BASE AS b', 'RUN echo o > /o', 'FROM BASE', 'RUN --mount=from=b,target=/b cat /b/o > /x'),
  one(
    'FROM BASE AS b',
    'RUN mkdir /o && echo o > /o/f',
    'FROM BASE',
    'RUN --mount=from=b,src=/o,dst=/old ls /old > /x',
  ),
  one('FROM BASE', 'RUN --mount=type=bind,from=LAYERED,source=/old,target=/up ls -R /up > /x'),
  one('FROM BASE', 'RUN --mount=type=tmpfs,target=/t touch /t/x && grep -c " /t tmpfs" /proc/mounts > /x'),
  one(
    'FROM BASE',
    'RUN --mount=type=tmpfs,target=/old ls /old | wc -l > /x; touch /old/y',
    'RUN ls /old > /z',
  ),
  one(
    'FROM BASE',
    'RUN --mount=type=tmpfs,target=/t,size=1048576 dd if=/dev/zero of=/t/f bs=1048576 count=2 2>/dev/null || echo full > /x',
  ),
  {
    ...one(
      'FROM BASE',
      'RUN --mount=type=secret,id=s wc -c < /run/secrets/s > /x; stat -c "%a %u %g" /run/secrets/s >> /x',
    ),
    secrets: { s: 'very secret' },
  },
  {
    ...one(
      'FROM BASE',
      'RUN --mount=type=secret,id=s,target=/k,mode=0444,uid=5,gid=6 stat -c "%a %u %g %s" /k > /x',
    ),
    secrets: { s: 'very secret' },
  },
  {
    ...one('FROM BASE', 'RUN --mount=type=secret,id=s,dst=/etc/deep/k wc -c < /etc/deep/k > /x'),
    secrets: { s: 'very secret' },
  },
  one('FROM BASE', 'RUN --mount=type=secret,id=absent test ! -e /run/secrets/absent && echo none > /x'),
  one('FROM BASE', 'RUN --mount=type=ssh echo none > /x'),
  one(
    'FROM BASE',
    'RUN --mount=type=bind,target=/m/deep/er ls /m/deep/er > /dev/null',
    'RUN ls / > /x',
  ),
  one(
    'FROM BASE',
    'ARG WHERE=/cc',
    'ENV SRC=dir',
    'RUN --mount=type=bind,source=$SRC,target=$WHERE ls $WHERE > /x',
  ),
  one(
    'FROM BASE',
    'USER app',
    'RUN --mount=type=cache,id=owned,target=/c,uid=1000 touch /c/mine && ls /c > /tmp/x',
  ),
  one(
    'FROM BASE',
    'RUN --mount=type=bind,target=/s --mount=type=cache,id=three,target=/c --mount=type=tmpfs,target=/t cp /s/a.txt /c/ && cp /c/a.txt /x',
  ),
];

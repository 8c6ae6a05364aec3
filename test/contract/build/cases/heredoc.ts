// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { type Case, one } from './case.ts';

const EOF = 'EOF';

export const HEREDOC: Case[] = [
  one('FROM scratch', 'COPY <<EOF /x', 'text', EOF),
  one('FROM scratch', 'COPY <<a <<b /d/', '1', 'a', '2', 'b'),
  one('FROM scratch', 'COPY <<one.txt a.txt <<two.txt /d/', '1', 'one.txt', '2', 'two.txt'),
  one('FROM scratch', 'ARG A=value', 'COPY <<EOF /x', '$A ${A} \\$A $$ "$A" \'$A\' ${NONE:-none}', EOF),
  one('FROM scratch', 'ARG A=value', 'COPY <<"EOF" /x', '$A ${A} \\$A', EOF),
  one('FROM scratch', "COPY <<'EOF' /x", '$A \\', 'b', EOF),
  one('FROM scratch', 'COPY <<-EOF /x', '\tone', '\t\ttwo', ' three', '\tEOF'),
  one('FROM scratch', 'COPY --chmod=755 --chown=5:6 <<EOF /bin/run', '#!/bin/sh', '', '# not a comment', EOF),
  one('FROM scratch', 'COPY --link <<EOF /x', 'a', EOF),
  one('FROM scratch', 'COPY <<EOF /x', EOF),
  one('FROM scratch', 'COPY <<EOF /d/', 'a \\', 'b', EOF),
  one('FROM scratch', 'ADD <<EOF /x', 'a', EOF),
  one('FROM BASE', 'WORKDIR /w', 'COPY <<EOF x', 'a', EOF),
  one('FROM BASE', 'RUN <<EOF', 'echo a > /x', 'echo b >> /x', EOF),
  one('FROM BASE', 'RUN <<EOF', 'false', 'echo after > /x', EOF),
  one('FROM BASE', 'RUN <<EOF', '#!/bin/sh -e', 'echo "$0" | wc -c > /dev/null', 'echo s > /x', EOF),
  one('FROM BASE', 'ARG A=value', 'RUN <<EOF', 'echo $A ${A} > /x', 'B=2; echo $B \\$B >> /x', EOF),
  one('FROM BASE', 'RUN <<"EOF"', 'B=2; echo $B > /x', EOF),
  one('FROM BASE', 'RUN cat <<EOF > /x', 'text $BASE', EOF),
  one('FROM BASE', 'RUN cat <<"EOF" > /x && echo more >> /x', 'text $BASE', EOF),
  one('FROM BASE', 'RUN <<A cat > /x && cat /x <<B > /y', 'one', 'A', 'two', 'B'),
  one('FROM BASE', 'RUN sh <<-EOF', '\techo a > /x', '\tif true; then', '\t\techo b >> /x', '\tfi', '\tEOF'),
  one('FROM BASE', 'SHELL ["/bin/sh", "-ec"]', 'RUN <<EOF', 'echo a > /x', 'echo $- >> /x', EOF),
  one('FROM BASE', 'RUN --mount=type=cache,id=heredoc,target=/c <<EOF', 'echo a > /c/x; cp /c/x /x', EOF),
  one('FROM BASE', 'RUN <<EOF sed s/a/b/ > /x', 'aaa', EOF),
  one('FROM BASE', 'RUN echo "<<EOF" > /x', 'LABEL a=b'),
  one('FROM BASE', 'USER app', 'WORKDIR /home/app', 'RUN <<EOF', 'id -u > who', 'touch mine', EOF),
];

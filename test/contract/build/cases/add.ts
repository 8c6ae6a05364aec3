// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { createHash } from 'node:crypto';
import { type Case, one } from './case.ts';

const archive = (...text: string[]): Case => ({ ...one(...text), archives: true });

export const ADD: Case[] = [
  one('FROM scratch', 'ADD a.txt dir /d/'),
  one('FROM scratch', 'ADD --chown=5:6 --chmod=600 a.txt /x'),
  one('FROM BASE', 'ADD --chown=app:staff dir /d'),
  one('FROM scratch', 'ADD --link a.txt b.txt /d/'),
  one('FROM scratch', 'ADD *.txt /d/'),
  archive('FROM scratch', 'ADD archives/plain.tar /x/'),
  archive('FROM scratch', 'ADD archives/plain.tar.gz /x'),
  archive('FROM scratch', 'ADD archives/plain.tar.bz2 /'),
  archive('FROM scratch', 'ADD archives/plain.tar.xz /x/'),
  archive('FROM scratch', 'ADD archives/plain.tar.zst /x/'),
  archive('FROM scratch', 'ADD archives/plain.tar archives/other.tar.gz a.txt /x/'),
  archive('FROM scratch', 'ADD archives/misnamed.txt /x/'),
  archive('FROM scratch', 'ADD archives/text.gz /x/'),
  archive('FROM scratch', 'ADD archives/text.tar /x/'),
  archive('FROM scratch', 'ADD archives/empty.tar /x/'),
  archive('FROM scratch', 'ADD archives /x/'),
  archive('FROM scratch', 'ADD archives/*.gz /x/'),
  archive('FROM scratch', 'ADD archives/special.tar /x/'),
  archive('FROM scratch', 'ADD archives/over.tar /x/', 'ADD archives/plain.tar /x/'),
  archive('FROM BASE', 'ADD archives/plain.tar /old', 'RUN ls -R /old > /listing'),
  archive('FROM BASE', 'ADD archives/plain.tar /link/'),
  {
    ...archive('FROM scratch', 'ADD --chown=5:6 archives/plain.tar /x/'),
    differs: { files: /^x\//, because: 'later BuildKits give what is unpacked to the owner of --chown' },
  },
  archive('FROM scratch', 'ADD --chmod=700 archives/plain.tar /x/'),
  archive('FROM scratch', 'COPY archives/plain.tar.gz /x/'),
  archive('FROM scratch', 'ADD --link archives/plain.tar /x/'),
  one('FROM scratch', 'ADD WEB/file.txt /'),
  one('FROM scratch', 'ADD WEB/file.txt /x'),
  one('FROM scratch', 'ADD WEB/file.txt /d/e/'),
  one('FROM scratch', 'ADD WEB/a%20b.txt /d/'),
  one('FROM scratch', 'ADD WEB/moved.txt /d/'),
  one('FROM scratch', 'ADD WEB/named /d/'),
  one('FROM scratch', 'ADD WEB/file.txt?query=1#part /d/'),
  one('FROM scratch', 'ADD WEB/file.gz /d/'),
  one('FROM scratch', 'ADD --chmod=755 --chown=5:6 WEB/file.txt /x'),
  one('FROM scratch', 'ADD --link WEB/file.txt /d/'),
  one('FROM scratch', 'ADD WEB/file.txt a.txt /d/'),
  { ...one('FROM scratch', 'ADD WEB/archives/plain.tar.gz /d/'), archives: true },
  one('FROM scratch', `ADD --checksum=${checksum()} WEB/file.txt /x`),
  one('FROM BASE', 'ARG FILE=file', 'ADD WEB/$FILE.txt /x', 'RUN cat /x > /y'),
  one('FROM scratch', 'ADD WEB/repo.git /git'),
  one('FROM scratch', 'ADD WEB/repo.git#v1 /git/'),
  one('FROM scratch', 'ADD WEB/repo.git#other:sub /git'),
  one('FROM scratch', 'ADD WEB/repo.git#COMMIT /git'),
  one('FROM scratch', 'ADD --chown=5:6 --chmod=700 WEB/repo.git#v1 /git'),
  {
    ...one('FROM scratch', 'ADD --keep-git-dir=true WEB/repo.git#v1 /git'),
    differs: { files: /^git\/\.git\/./, because: 'what git keeps beside its objects is up to its version' },
  },
];

/** Of `downloaded\n`. */
function checksum(): string {
  return `sha256:${createHash('sha256').update('downloaded\n').digest('hex')}`;
}

import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Git } from './git.ts';
import { OWNER } from './payload.ts';
import type { Repository } from './repositories.ts';

/** Streams the tree of `commit` as GitHub's archives are: gzipped tar, everything in one folder at the top. */
export async function sendTarball(
  git: Git,
  repository: Repository,
  commit: string,
  response: ServerResponse,
): Promise<void> {
  const folder = `${OWNER}-${repository.name}-${commit.slice(0, 7)}`;
  const child = git.start(['archive', '--format=tar', `--prefix=${folder}/`, commit], {
    cwd: repository.directory,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  response.on('close', () => child.kill());
  if (child.stdout === null) return;
  response.writeHead(200, {
    'content-type': 'application/x-gzip',
    'content-disposition': `attachment; filename=${folder}.tar.gz`,
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  // The lightest compression: on one machine the processor is dearer than the line.
  const zip = createGzip({ level: 1 });
  await pipeline(child.stdout, zip, response, { end: false });
  // An archive that git did not finish must not look like a whole one.
  if ((await ended) === 0) response.end();
  else response.destroy();
}

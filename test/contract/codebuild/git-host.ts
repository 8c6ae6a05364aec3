import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** When everything was committed, in seconds since 1970. */
export const COMMITTED = 1_700_000_000;

/** A git host whose one repository `team/web` gives the archives of these commits, each a folder, to who has `token`. */
export async function startGitHost(commits: Readonly<Record<string, string>>, token: string) {
  const server = createServer(({ url = '', headers }, response) => {
    const [, commit = ''] = /^\/repos\/team\/web\/tarball\/(\w+)$/.exec(url) ?? [];
    const folder = commits[commit];
    const status = headers.authorization !== `Bearer ${token}` ? 401 : folder === undefined ? 404 : 200;
    response.writeHead(status, { 'content-type': 'application/x-gzip' });
    if (status !== 200 || folder === undefined) return void response.end();
    // As git does it: one folder around everything, the commit's time, and modes by git's umask.
    const args = [
      '--create',
      '--gzip',
      `--mtime=@${COMMITTED}`,
      '--directory',
      folder,
      '--transform',
      's,^[.],team-web-abc,',
      '.',
    ];
    response.end(execFileSync('tar', [...args, '--mode=u=rwX,g=rwX,o=rX'], { maxBuffer: 64 * 1024 * 1024 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildspec, type Variables } from '../../../lib/engine/codebuild/buildspec.ts';
import { variablesOf } from '../../../lib/engine/codebuild/variables.ts';
import { gitPassword } from '../../../lib/source/codecommit/password.ts';
import { type Host, REGION, startHost, workOn } from '../source/codecommit-host.ts';

const [FETCH = ''] = (parse(buildspec()).phases.pre_build as { commands: string[] }).commands;

let host: Host;
let person: Awaited<ReturnType<typeof workOn>>;
beforeEach(async () => {
  host = await startHost();
  person = await workOn(host);
  return () => host.close();
});

/** What the function leaves in the table for a build of the repository `web`. */
function lentHeader(): string {
  const password = gitPassword(new URL(`${host.gitUrl}/v1/repos/web`), REGION, host.keys, new Date());
  return `Basic ${Buffer.from(password).toString('base64')}`;
}

/** Has the machine fetch a commit, with an `aws` that reads `lent` from the table. */
async function fetch(commit: string, lent = lentHeader()) {
  const machine = join(host.folder, `machine-${commit.slice(0, 8)}-${lent.length}`);
  await mkdir(join(machine, 'bin'), { recursive: true });
  const aws = `#!/bin/sh\ncase "$*" in *Item.authorization.S*) echo '${lent}' ;; esac\n`;
  await writeFile(join(machine, 'bin', 'aws'), aws, { mode: 0o755 });
  const job = {
    name: 'n',
    platform: { os: 'linux', architecture: 'arm64' },
    request: {
      subject: { delivery: 'd', app: 'web', commit },
      repository: { host: 'codecommit' as const, owner: '', name: 'web' },
      publishTo: 'registry.example/web',
      tags: [],
      fence: 1,
    },
  };
  const hosts = { codecommit: { apiUrl: host.gitUrl } };
  const variables: Variables = variablesOf(job, { hosts }, { table: 't', name: 'lent/1', hosts: [] });
  const env = { PATH: `${join(machine, 'bin')}:${process.env.PATH}`, HOME: machine, ...variables };
  const said = await new Promise<{ code: number; text: string }>((done) => {
    execFile('/bin/bash', ['-c', FETCH], { cwd: machine, env }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), text: stdout + stderr }),
    );
  });
  return { ...said, directory: join(machine, 'commit') };
}

test('git fetches the files of a commit, as they are in it', async () => {
  await mkdir(join(host.work, 'src'));
  await writeFile(join(host.work, 'Dockerfile'), 'FROM scratch\n');
  await writeFile(join(host.work, 'kept.txt'), 'one\r\ntwo\n');
  await writeFile(join(host.work, '.gitattributes'), 'kept.txt export-ignore text eol=crlf\n');
  await writeFile(join(host.work, 'src/run.sh'), '#!/bin/sh\n');
  await chmod(join(host.work, 'src/run.sh'), 0o755);
  await symlink('run.sh', join(host.work, 'src/link'));
  const commit = await person.push('main');
  const { code, text, directory } = await fetch(commit);
  expect(text).toBe('');
  expect(code).toBe(0);
  expect((await readdir(directory)).sort()).toEqual(['.gitattributes', 'Dockerfile', 'kept.txt', 'src']);
  // Read by the function, the same commit has the same files.
  const byFunction = join(host.folder, 'by-function');
  await mkdir(byFunction);
  await host.forge().download({ owner: '', name: 'web' }, commit, byFunction);
  for (const name of ['kept.txt', 'Dockerfile', 'src/run.sh'])
    expect(await readFile(join(directory, name))).toEqual(await readFile(join(byFunction, name)));
  expect((await stat(join(directory, 'src/run.sh'))).mode & 0o111).not.toBe(0);
  expect(await readlink(join(directory, 'src/link'))).toBe('run.sh');
});

test('git fetches a commit whose branch went on', async () => {
  await writeFile(join(host.work, 'Dockerfile'), 'FROM one\n');
  const commit = await person.push('main');
  await writeFile(join(host.work, 'Dockerfile'), 'FROM two\n');
  await person.push('main');
  const { code, directory } = await fetch(commit);
  expect(code).toBe(0);
  expect(await readFile(join(directory, 'Dockerfile'), 'utf8')).toBe('FROM one\n');
});

test('what was lent is in no word that is said, whether it is taken or not', async () => {
  await writeFile(join(host.work, 'Dockerfile'), 'FROM scratch\n');
  const commit = await person.push('main');
  const wrong = `Basic ${Buffer.from('ASIAEXAMPLE%token+/==:20200101T000000Zabc').toString('base64')}`;
  const { code, text } = await fetch(commit, wrong);
  expect(code).not.toBe(0);
  expect(text).toContain('fairlead-fault: source the git host gave no files of the commit');
  expect(text).not.toContain(wrong.slice('Basic '.length));
});

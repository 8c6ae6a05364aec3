import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { enterSecret } from '../../../bin/commands/webhook-secret/enter.ts';
import { installWebhooks } from '../../../bin/commands/webhooks/run.ts';
import type { OperateAnswer } from '../../../lib/operate/answer.ts';
import type { HostWebhooks } from '../../../lib/operate/webhooks.ts';
import { RepositoryWebhooks } from '../../../lib/source/webhooks/of-repository.ts';
import { GITLAB } from '../../../local/git/dialects/gitlab.ts';
import { hostForTests } from '../local-git/host.ts';

/** An installation's function and its secrets, behind the APIs of AWS. */
let aws: Server;
let answer: OperateAnswer;
const secrets: Record<string, string> = {};
const read: string[] = [];

const github = hostForTests();
const gitlab = hostForTests({ dialect: GITLAB });

beforeAll(async () => {
  aws = createServer(async (request, response) => {
    const body = await text(request);
    if (request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue')
      return response.end(JSON.stringify(answer));
    const { SecretId } = JSON.parse(body) as { SecretId: string };
    read.push(SecretId);
    const { [SecretId]: SecretString } = secrets;
    if (SecretString !== undefined) return response.end(JSON.stringify({ SecretString }));
    return response.writeHead(400).end(JSON.stringify({ __type: 'AccessDeniedException', message: 'no' }));
  });
  await new Promise<void>((done) => aws.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  aws.closeAllConnections();
  await new Promise((done) => aws.close(done));
});
beforeEach(() => {
  const environment = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(aws.address() as AddressInfo).port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_MAX_ATTEMPTS: '1',
    GITHUB_TOKEN: 'local',
    GITLAB_TOKEN: 'local',
    GITEA_TOKEN: '',
    BITBUCKET_TOKEN: '',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  Object.assign(secrets, { 'hush-gh': 'the-secret-of-github', 'hush-gl': 'the-secret-of-gitlab' });
  read.length = 0;
});
afterEach(() => vi.unstubAllEnvs());

const deployed = (...names: string[]) => names.map((name) => ({ name, previews: true }));
const onGitHub = (...names: string[]): HostWebhooks => ({
  ...{ kind: 'github', apiUrl: github.host().apiUrl, webhookSecretId: 'hush-gh', repositories: names },
  deployed: deployed(...names),
});
const onGitLab = (...names: string[]): HostWebhooks => ({
  ...{ kind: 'gitlab', apiUrl: gitlab.host().apiUrl, webhookSecretId: 'hush-gl', repositories: names },
  deployed: deployed(...names),
});

async function run(flags: { dryRun?: true }, ...hosts: HostWebhooks[]) {
  answer = { is: 'webhooks', url: github.hookUrl(), hosts };
  const lines: string[] = [];
  const code = await installWebhooks({ function: 'fairlead-operate', ...flags }, (line) =>
    lines.push(stripVTControlCharacters(line)),
  );
  expect(lines.join('\n')).not.toMatch(/the-secret-of/);
  return { code, lines, text: lines.join('\n') };
}

const hooksOf = async (name: string) =>
  (await (await github.api(`${name}/hooks`)).json()) as { id: number }[];

/** A repository on the local GitHub without the webhook that each has there from its beginning. */
async function bare(name: string): Promise<void> {
  await github.host().repository(name);
  await github.api(`${name}/hooks/1`, { method: 'DELETE' });
}

test('makes what is missing on every host, mends what is wrong, and says the next time that nothing is', async () => {
  await bare('shop');
  await github.host().repository('web');
  await github.api('web/hooks/1', { method: 'PATCH', body: JSON.stringify({ active: false }) });
  await gitlab.host().repository('mail');
  // The local GitLab sends where it sends from the beginning: to a place of its own.
  const hosts = [onGitHub('local/shop', 'local/web'), onGitLab('local/apps/mail')];
  const first = await run({}, ...hosts);
  expect(first).toMatchObject({ code: 0 });
  expect(first.lines).toEqual([
    `GitHub (${github.url()}/api/v3)`.replace('/api/v3', ''),
    '  made       local/shop',
    '  mended     local/web: it was switched off',
    `GitLab (${gitlab.url()})`,
    '  made       local/apps/mail',
  ]);
  const before = [await hooksOf('shop'), await hooksOf('web')];
  expect(before.map((hooks) => hooks.length)).toEqual([1, 1]);
  const second = await run({}, ...hosts);
  expect(second.code).toBe(0);
  expect(second.lines.filter((line) => /as it was/.test(line))).toHaveLength(3);
  expect(second.text).toMatch(/Nothing had to be changed/);
  const ids = (hooks: { id: number }[][]) => hooks.map((some) => some.map(({ id }) => id));
  expect(ids([await hooksOf('shop'), await hooksOf('web')])).toEqual(ids(before));
});

test('does nothing by --dry-run, not even read a secret', async () => {
  await bare('dry');
  const { code, lines } = await run({ dryRun: true }, onGitHub('local/dry'));
  expect(code).toBe(0);
  expect(lines.slice(1)).toEqual(['  to make    local/dry', 'Nothing was done.']);
  expect(await hooksOf('dry')).toEqual([]);
  expect(read).toEqual([]);
});

test('goes on where one is refused, and ends with code 1', async () => {
  await bare('last');
  const { code, lines } = await run({}, onGitHub('local/absent', 'local/last'), onGitLab('local/apps/none'));
  expect(code).toBe(1);
  expect(lines).toEqual([
    expect.stringMatching(/^GitHub/),
    expect.stringMatching(
      /^ {2}failed {5}local\/absent: GitHub does not let .*\(404\); it needs Webhooks: read and write/,
    ),
    '  made       local/last',
    expect.stringMatching(/^GitLab/),
    expect.stringMatching(/^ {2}failed {5}local\/apps\/none: .*\(404\); it needs the scope api/),
    '2 of 3 failed.',
  ]);
});

test('takes the installation’s token where the person has none, and says what is missing where there is none', async () => {
  vi.stubEnv('GITHUB_TOKEN', '');
  vi.stubEnv('GITLAB_TOKEN', '');
  await bare('lent');
  Object.assign(secrets, { token: 'local', unset: '{}' });
  const { code, text: said } = await run(
    {},
    { ...onGitHub('local/lent'), tokenSecretId: 'token' },
    { ...onGitLab('local/apps/x'), tokenSecretId: 'unset' },
  );
  expect(code).toBe(1);
  expect(said).toMatch(/made {7}local\/lent/);
  expect(said).toMatch(
    /failed {5}local\/apps\/x: no token: GITLAB_TOKEN may hold one; it needs the scope api/,
  );
});

test('a secret that may not be read is one line for each repository', async () => {
  const { code, text: said } = await run({}, { ...onGitHub('local/a'), webhookSecretId: 'theirs' });
  expect(code).toBe(1);
  expect(said).toMatch(
    /failed {5}local\/a: its secret cannot be read: no; ask for secretsmanager:GetSecretValue on theirs/,
  );
});

test('a GitHub App has its webhook on its own page, and a host without repositories none', async () => {
  const { code, lines } = await run({}, { ...onGitHub('local/a'), access: 'app' }, onGitLab());
  expect(code).toBe(0);
  expect(lines[1]).toMatch(/^ {2}by hand: a GitHub App has one webhook for all repositories/);
  expect(lines[3]).toMatch(/^ {2}nothing to do: no repository of GitLab is known/);
});

test('an installation of before is told apart', async () => {
  const { deployed: _, ...older } = onGitHub('local/a');
  await expect(run({}, older)).rejects.toMatchObject({ code: 'webhook/older-installation' });
});

test('a rotation enters the new value where something sends here, and leaves the rest to a person', async () => {
  await gitlab.host().repository('turned');
  const access = { apiUrl: gitlab.host().apiUrl, token: 'local' };
  const webhooks = new RepositoryWebhooks('gitlab', access, { owner: 'local/apps', name: 'turned' });
  const secret = 'turned-anew';
  expect(await enterSecret(webhooks, { url: gitlab.hookUrl(), secret })).toEqual({
    is: 'entered',
    webhooks: 1,
  });
  expect(await enterSecret(webhooks, { url: 'https://elsewhere.example/', secret })).toMatchObject({
    is: 'by-hand',
    why: expect.stringMatching(/no webhook of the repository/),
  });
  const stranger = { ...access, token: 'stranger' };
  const theirs = new RepositoryWebhooks('gitlab', stranger, { owner: 'local/apps', name: 'turned' });
  const refused = await enterSecret(theirs, { url: gitlab.hookUrl(), secret });
  expect(refused).toMatchObject({
    is: 'by-hand',
    why: expect.stringMatching(/\(403\); it needs the scope api/),
  });
});

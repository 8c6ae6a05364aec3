import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answers, configOf } from '../../../bin/commands/init/answers.ts';
import { askAll, type Terminal, takeUsual } from '../../../bin/commands/init/ask.ts';
import { textOf } from '../../../bin/commands/init/write.ts';
import { check } from '../../../lib/config/check.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** A person who types these lines, one for each question. */
class Person implements Terminal {
  readonly asked: string[] = [];
  readonly told: string[] = [];
  readonly #lines: string[];

  constructor(...lines: string[]) {
    this.#lines = lines;
  }

  async ask(text: string): Promise<string> {
    this.asked.push(text);
    const line = this.#lines.shift();
    if (line === undefined) throw new Error(`nothing is typed at: ${text}`);
    return line;
  }

  say(line: string): void {
    this.told.push(line);
  }
}

describe('the questions of fairlead init', () => {
  test('take what is usual from a person who just presses enter', async () => {
    const person = new Person('github.com/acme/shop', '', '', '', '', '', '', '');
    const answers = await askAll({}, { region: 'eu-west-1' }, person);
    expect(configOf(answers)).toEqual({
      apps: [
        {
          repository: 'github.com/acme/shop',
          environments: { production: 'main' },
          previews: { of: 'off' },
        },
      ],
      regions: ['eu-west-1'],
      cluster: { new: {} },
    });
    expect(person.told).toEqual([]);
    expect(person.asked.join()).toMatch(/In which AWS region\? \[eu-west-1\]/);
  });

  test('ask again where an answer cannot stand, and say why', async () => {
    const person = new Person('', 'github.com', 'github.com/acme/shop', 'a b', 'main', 'main', 'develop');
    const rest = {
      previews: 'off',
      regions: ['eu-west-1'],
      cluster: 'new',
      loadBalancers: 'internal',
      email: [],
    } as const;
    const answers = await askAll(rest, {}, person);
    expect(configOf(answers).apps).toMatchObject([
      { environments: { production: 'main', staging: 'develop' } },
    ]);
    expect(person.told).toEqual([
      expect.stringMatching(/an answer is needed/),
      expect.stringMatching(/OWNER\/NAME/),
      expect.stringMatching(/branch/),
      expect.stringMatching(/the branch 'main' is production's already/),
    ]);
  });

  test('ask what runs at a host that nobody knows, and what it costs only where somebody is told', async () => {
    const person = new Person(
      'gitea',
      'linux/386',
      'linux/amd64',
      'open',
      'public',
      'public',
      'internal',
      'ops@example.com',
      '50',
    );
    const given: Answers = {
      ...{ repositories: ['https://git.example.com/a/b.git'], branch: 'main', staging: '' },
      ...{ previews: 'branches', regions: ['us-east-1'], cluster: 'apps' },
    };
    const config = configOf(await askAll(given, {}, person));
    expect(config).toMatchObject({
      apps: [{ repository: 'git.example.com/a/b', previews: { of: 'branches' } }],
      hosts: [{ kind: 'gitea', url: 'https://git.example.com' }],
      cluster: { existing: { name: 'apps' }, loadBalancers: 'internal' },
      platform: 'linux/amd64',
      notifications: { email: ['ops@example.com'] },
      budget: { monthly: 50, email: ['ops@example.com'] },
    });
    expect(person.told).toEqual([
      expect.stringMatching(/platform has to be one of/),
      expect.stringMatching(/existing\.endpoint has to be one of/),
      expect.stringMatching(/loadBalancers has to be one of internet-facing, internal, and is 'public'/),
    ]);
  });

  test('ask of a cluster that is there how it is reached, each thing until it can stand', async () => {
    const person = new Person(
      ...['private', '', 'vpc-1', 'vpc-0a1b2c3d', 'subnet-0a1b2c3d subnet-0a1b2c3e', 'sg-0a1b2c3d'],
    );
    const given: Answers = {
      ...{
        repositories: ['github.com/a/b'],
        branch: 'main',
        staging: '',
        previews: 'off',
        regions: ['us-east-1'],
      },
      ...{ cluster: 'apps', platform: 'linux/arm64', loadBalancers: 'internal', email: [] },
    };
    const answers = await askAll(given, {}, person);
    expect(configOf(answers).cluster).toEqual({
      existing: {
        ...{ name: 'apps', endpoint: 'private', vpc: 'vpc-0a1b2c3d' },
        ...{ subnets: ['subnet-0a1b2c3d', 'subnet-0a1b2c3e'], securityGroups: ['sg-0a1b2c3d'] },
      },
      loadBalancers: 'internal',
    });
    expect(person.told).toEqual([
      expect.stringMatching(/an answer is needed/),
      expect.stringMatching(/existing\.vpc has to be an id like/),
    ]);
    // Nobody guesses these.
    expect(() => takeUsual({ ...given, endpoint: 'private' }, {})).toThrow(/say it with --vpc/);
    expect(configOf(takeUsual(given, {})).cluster).toMatchObject({ existing: { name: 'apps' } });
    expect(configOf({ ...given, cluster: 'new', endpoint: 'private' }).cluster).toMatchObject({
      new: { endpoint: 'private' },
    });
  });

  test('are answered by flags alone, or name the flag that is missing', () => {
    expect(() => takeUsual({}, {})).toThrow(/say it with --repository/);
    expect(() => takeUsual({ repositories: ['git.example.com/a/b'] }, {})).toThrow(/say it with --host/);
    expect(() => takeUsual({ repositories: ['github.com/a/b'] }, {})).toThrow(/say it with --region/);
  });
});

describe('the file that is written', () => {
  const answers: Answers[] = [
    { repositories: ['github.com/acme/shop'] },
    {
      ...{ repositories: ['gitlab.com/a/b/c', 'git@github.com:acme/shop.git'], staging: "it's" },
      ...{
        environments: ['q-a=release/1', ...'uvwxyz'.split('').map((name) => `${name}=of/${name.repeat(9)}`)],
        previews: 'branches',
        regions: ['eu-west-1', 'us-east-1'],
      },
      ...{
        cluster: 'apps',
        loadBalancers: 'internal',
        platform: 'linux/amd64',
        email: ['a@b.de', 'c@d.de'],
        budget: '9.5',
      },
    },
    ...['sg-0a1b2c3d', 'sg-0a1b2c3d4e5f60718'].map(
      (group): Answers => ({
        ...{ repositories: ['github.com/acme/shop'], regions: ['eu-west-1'], cluster: 'apps' },
        ...{ endpoint: 'private', vpc: 'vpc-0a1b2c3d', subnets: ['subnet-0a1b2c3d', 'subnet-0a1b2c3e'] },
        securityGroups: Array(group.length - 10).fill(group),
      }),
    ),
  ];

  test.each(answers)('is formatted, and says what was answered: $repositories', async (given) => {
    const text = textOf(configOf(given));
    const formatted = execFileSync(
      join(root, 'node_modules', '.bin', 'biome'),
      ['format', '--stdin-file-path=fairlead.config.ts'],
      { cwd: root, input: text, encoding: 'utf8' },
    );
    expect(text).toBe(formatted);
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-init-'));
    try {
      const path = join(folder, 'written.ts');
      await writeFile(path, text.replace('./lib/config/define.ts', join(root, 'lib/config/define.ts')));
      const { default: said } = (await import(path)) as { default: unknown };
      expect(said).toEqual(configOf(given));
      expect(() => check(said)).not.toThrow();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('the command', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-init-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'bin', 'fairlead.ts'), 'init', ...args], {
      env: { ...process.env, FAIRLEAD_ROOT: folder, AWS_REGION: 'eu-west-1', NO_COLOR: '1' },
      encoding: 'utf8',
      input: '',
    });
  const written = () => readFile(join(folder, 'fairlead.config.ts'), 'utf8');

  test('writes what flags say, and never over what is there', async () => {
    const flags = ['--repository', 'github.com/acme/shop', '--staging', 'develop', '--yes'];
    const first = run(...flags);
    expect(first.stderr).toBe('');
    expect(first.status).toBe(0);
    expect(first.stdout).toMatch(/npx fairlead deploy/);
    const text = await written();
    expect(text).toMatch(/production: 'main', staging: 'develop'/);
    expect(text).toMatch(/regions: \['eu-west-1'\]/);
    expect(text).toMatch(/cluster: \{ new: \{\} \},/);

    const second = run('--repository', 'github.com/acme/other', '--yes');
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(/there is one already.*\n.*--force/);
    expect(await written()).toBe(text);

    const inVpc = ['--load-balancers', 'internal'];
    expect(run('--repository', 'github.com/acme/other', '--yes', '--force', ...inVpc).status).toBe(0);
    expect(await written()).toMatch(/acme\/other/);
    expect(await written()).toMatch(/VPC only.*\n {2}cluster: \{ new: \{\}, loadBalancers: 'internal' \},/);
  });

  test('writes how a cluster is reached that is there, as flags say, or says which is missing', async () => {
    const flags = [
      '--repository',
      'github.com/acme/shop',
      '--cluster',
      'apps',
      '--endpoint',
      'private',
      '--yes',
    ];
    const left = run(...flags, '--vpc', 'vpc-0a1b2c3d');
    expect([left.status, left.stderr]).toEqual([1, expect.stringMatching(/say it with --subnet/)]);
    const ids = ['--vpc', 'vpc-0a1b2c3d', '--subnet', 'subnet-0a1b2c3d', '--security-group', 'sg-0a1b2c3d'];
    expect(run(...flags, ...ids).stderr).toBe('');
    expect(await written()).toMatch(
      /endpoint: 'private',\s+vpc: 'vpc-0a1b2c3d',\s+subnets: \['subnet-0a1b2c3d'\]/,
    );
    const open = run('--repository', 'github.com/acme/shop', '--cluster', 'apps', '--yes', '--force', ...ids);
    expect(open.stderr).toMatch(/existing\.vpc: is for an endpoint that is 'private'/);
  });

  test('writes nothing that the check does not take, and asks nobody where nobody is', async () => {
    const wrong = run('--repository', 'github.com/acme/shop', '--previews', 'branch', '--yes');
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toMatch(/did you mean 'branches'/);
    expect(run().stderr).toMatch(/say it with --repository/);
    await expect(written()).rejects.toThrow(/ENOENT/);
  });
}, 60_000);

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildspec } from '../../../lib/engine/codebuild/buildspec.ts';
import { CodeBuildEngine } from '../../../lib/engine/codebuild/engine.ts';
import { buildkitd, variablesOf } from '../../../lib/engine/codebuild/variables.ts';
import type { BuildEvent, RemoteJob } from '../../../lib/engine/types.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { startRegistry } from '../../../local/registry/server.ts';
import { startGitHost } from '../../contract/codebuild/git-host.ts';
import { directory, imageOf, Scratch } from '../build/support.ts';
import { as, builder, startCloud } from '../local-aws/cloud.ts';

/** Waits until it is stopped, when the commit says so. */
const STUCK = `[ ! -e commit/wait ] || exec sleep 60`;

/** A docker without buildx that "builds" an image which is in the registry already. */
const DOCKER = (image: string) => `#!/bin/sh
case "$1" in
buildx) exit 1 ;;
build) ${STUCK}
  printf '#5 [1/2] FROM base\\n#5 CACHED\\n#6 [2/2] RUN make\\n#6 DONE 1.5s\\n' ;;
image) echo ${image} ;;
esac
`;

const scratch = new Scratch();
let registry: Awaited<ReturnType<typeof startRegistry>>;
let git: Awaited<ReturnType<typeof startGitHost>>;
let cloud: Awaited<ReturnType<typeof startCloud>>;

beforeAll(async () => {
  registry = await startRegistry({ stateDir: scratch.directory() });
  const repository = `${registry.host}/fairlead/web`;
  const image = await imageOf(scratch, [directory('etc')], { ExposedPorts: { '80/tcp': {} }, User: 'app' });
  await new Registries().publish(image, repository, []);
  const bin = join(scratch.directory(), 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'docker'), DOCKER(`${repository}@${image.digest}`));
  chmodSync(join(bin, 'docker'), 0o755);
  const commit = scratch.context({ Dockerfile: 'FROM base\nRUN make\n', 'fairlead.yaml': 'port: 80\n' });
  const stuck = scratch.context({ Dockerfile: 'FROM base\n', wait: '' });
  git = await startGitHost({ abc: commit, stuck }, 'token');
  const project = { buildspec: buildspec(), timeoutMinutes: 1, environment: {} };
  cloud = await startCloud({
    secrets: { 'git-host': 'token' },
    codeBuild: { projects: { builder: project }, machine: { PATH: `${bin}:/usr/bin:/bin` } },
  });
});
afterAll(async () => {
  await cloud.close();
  await git.close();
  await registry.close();
  scratch.close();
});

function engineAt(endpoint: string, project = 'builder') {
  return new CodeBuildEngine({
    project,
    registries: new Registries(),
    hosts: { github: { apiUrl: git.url, tokenSecretId: 'git-host' } },
    codeBuild: new CodeBuildClient(as(builder, endpoint)),
    logs: new CloudWatchLogsClient(as(builder, endpoint)),
    interval: 50,
  });
}

function job(name = 'a'.repeat(40), commit = 'abc', publishTo = `${registry.host}/fairlead/web`): RemoteJob {
  return {
    name,
    platform: { os: 'linux', architecture: 'amd64' },
    request: {
      subject: { delivery: 'd', app: 'web', commit },
      repository: { host: 'github', owner: 'team', name: 'web' },
      publishTo,
      tags: [commit],
      fence: 1,
    },
  };
}

const soon = () => new Date(Date.now() + 30_000);

describe('a build in CodeBuild', () => {
  it('is begun, followed, and answered with what the image and the commit say', async () => {
    const engine = engineAt(cloud.endpoint);
    const events: BuildEvent[] = [];
    const { id } = await engine.start(job());
    const followed = await engine.follow(job(), id, (event) => events.push(event), soon());
    expect(followed).toMatchObject({
      state: 'ended',
      answer: { outcome: 'built', exposedPorts: [80], user: 'app', appFile: 'port: 80\n' },
    });
    expect(events.map(({ type }) => type)).toEqual([
      'step-start',
      'step',
      'step-start',
      'step',
      'built',
      'published',
    ]);
    const tagged = await new Registries().resolve(`${registry.host}/fairlead/web:abc`, job().platform);
    expect(followed).toMatchObject({ answer: { digest: tagged.digest } });
  });

  it('is one build for one name, also when it is long over', async () => {
    const engine = engineAt(cloud.endpoint);
    const first = await engine.start(job('b'.repeat(40)));
    expect(await engine.start(job('b'.repeat(40)))).toEqual(first);
    // Another fence, another name: another build.
    expect(await engine.start(job('c'.repeat(40)))).not.toEqual(first);
  });

  it('is stopped when a newer one for the same environment begins, and by no other', async () => {
    const engine = engineAt(cloud.endpoint);
    const order = (name: string, environment: string, fence: number, app = 'fairlead/web'): RemoteJob => {
      const one = job(name.repeat(40), 'stuck', `${registry.host}/${app}`);
      return {
        ...one,
        request: { ...one.request, fence, environment: { name: environment, namespace: 'n' } },
      };
    };
    const older = order('d', 'production', 4);
    const others = [
      order('e', 'preview-x', 4),
      order('f', 'production', 4, 'fairlead/api'),
      order('g', 'production', 6),
    ];
    const [first, ...kept] = await Promise.all(
      [older, ...others].map(async (one) => (await engine.start(one)).id),
    );
    const newer = await engine.start(order('h', 'production', 5));
    const looked = async (id: string) =>
      (await engine.follow(older, id, () => {}, new Date(Date.now() + 3_200))).state;
    expect(await looked(first ?? '')).toBe('ended');
    expect(await Promise.all([...kept, newer.id].map(looked))).toEqual(Array(4).fill('running'));
  });

  it('fails by the machine where there is no docker engine, and the commit is not blamed', async () => {
    const lacking = await startCloud({
      codeBuild: {
        projects: { builder: { buildspec: buildspec(), timeoutMinutes: 1, environment: {} } },
        machine: { PATH: '/nowhere' },
      },
    });
    try {
      const engine = engineAt(lacking.endpoint);
      const { id } = await engine.start(job());
      const followed = await engine.follow(job(), id, () => {}, soon());
      expect(followed).toMatchObject({
        answer: {
          outcome: 'failed',
          blame: 'elsewhere',
          reason: expect.stringMatching(/in its phase PROVISIONING: there is no docker engine/),
        },
      });
    } finally {
      await lacking.close();
    }
  });

  it('is left to another engine where the installation has no project', async () => {
    await expect(engineAt(cloud.endpoint, 'other').start(job())).rejects.toMatchObject({
      code: 'engine/unavailable',
    });
  });
});

describe('the variables of a build', () => {
  const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

  it('log in to the ECR hosts among the registries, each once', () => {
    const variables = variablesOf(
      job('n', 'abc', `${host}/fairlead/web`),
      {
        hosts: { github: { apiUrl: 'https://api.github.com' } },
        mirrors: { 'docker.io': host, 'quay.io': 'mirror.example/quay' },
      },
      { table: 't', name: 'lent/1', hosts: [host] },
    );
    expect(variables).toMatchObject({
      FAIRLEAD_LOGINS: host,
      FAIRLEAD_ARCHIVE: 'https://api.github.com/repos/team/web/tarball/abc',
      FAIRLEAD_GIT: '',
      FAIRLEAD_COMMIT: '',
      FAIRLEAD_CACHE: `${host}/fairlead/web:fairlead-cache-buildkit-amd64`,
    });
  });

  it('have a preview write a cache of its own above production’s', () => {
    const of = (name: string) => {
      const { request } = job('n', 'abc', `${host}/fairlead/web`);
      const environment = { name, namespace: 'n' };
      return variablesOf(
        { ...job(), request: { ...request, environment } },
        { hosts: { github: { apiUrl: 'https://h' } } },
      );
    };
    const common = `${host}/fairlead/web:fairlead-cache-buildkit-amd64`;
    expect(of('production')).toMatchObject({ FAIRLEAD_CACHE: common, FAIRLEAD_CACHE_BELOW: '' });
    expect(of('preview-x')).toMatchObject({
      FAIRLEAD_CACHE: `${common}-of.preview-x`,
      FAIRLEAD_CACHE_BELOW: common,
    });
    const [long, odd] = [of(`preview-${'x'.repeat(300)}`), of('preview-a/b,push=false')];
    for (const { FAIRLEAD_CACHE } of [long, odd])
      expect(FAIRLEAD_CACHE).toMatch(/:fairlead-cache-buildkit-amd64-of\.preview-[\w.-]{1,100}$/);
    expect(of('preview-a-b-push-false').FAIRLEAD_CACHE).not.toBe(odd?.FAIRLEAD_CACHE);
  });

  it.each(['', 'host/pa th', 'host/x,push=false', 'host/x:tag', 'HOST', 'host/$(id)'])(
    'refuse a repository that is none: %j',
    (publishTo) => {
      expect(() =>
        variablesOf(job('n', 'abc', publishTo), { hosts: { github: { apiUrl: 'https://h' } } }),
      ).toThrow(/image|reposit|host/);
    },
  );

  it('cannot leave the path of the archive', () => {
    const { FAIRLEAD_ARCHIVE } = variablesOf(
      {
        ...job(),
        request: { ...job().request, repository: { host: 'github', owner: '../x', name: 'a?b#c' } },
      },
      { hosts: { github: { apiUrl: 'https://h' } } },
    );
    expect(FAIRLEAD_ARCHIVE).toBe('https://h/repos/..%2Fx/a%3Fb%23c/tarball/abc');
  });

  it.each([
    ['gitlab', 'a/b', 'https://h/api/projects/a%2Fb%2Fweb/repository/archive.tar.gz?sha=abc'],
    ['bitbucket', 'a', 'https://h/api/a/web/get/abc.tar.gz'],
    ['gitea', 'a', 'https://h/api/repos/a/web/archive/abc.tar.gz'],
  ] as const)('name the archive of %s', (host, owner, archive) => {
    const request = { ...job().request, repository: { host, owner, name: 'web' } };
    const hosts = { [host]: { apiUrl: 'https://h/api' } };
    expect(variablesOf({ ...job(), request }, { hosts }).FAIRLEAD_ARCHIVE).toBe(archive);
  });

  it('name what git fetches of a host without archives, and are none for one that is not there', () => {
    const of = (host: 'codecommit' | 'gitea') => {
      const request = { ...job().request, repository: { host, owner: '', name: 'web' } };
      return variablesOf({ ...job(), request }, { hosts: { codecommit: { apiUrl: 'https://h' } } });
    };
    expect(of('codecommit')).toMatchObject({
      FAIRLEAD_ARCHIVE: '',
      FAIRLEAD_GIT: 'https://h/v1/repos/web',
      FAIRLEAD_COMMIT: 'abc',
    });
    expect(() => of('gitea')).toThrow(expect.objectContaining({ code: 'source/unknown-host' }));
  });

  it('tell BuildKit of mirrors and plain registries', () => {
    expect(buildkitd({ '*': 'm.example/all', 'quay.io': 'q.example' }, ['plain:5000'])).toBe(
      `[registry."docker.io"]
mirrors = ["m.example/all/docker.io"]

[registry."quay.io"]
mirrors = ["q.example/quay.io"]

[registry."plain:5000"]
http = true
`,
    );
  });
});

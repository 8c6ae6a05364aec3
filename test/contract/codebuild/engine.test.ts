import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient, StopBuildCommand } from '@aws-sdk/client-codebuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../../lib/build/build.ts';
import { buildspec } from '../../../lib/engine/codebuild/buildspec.ts';
import { CodeBuildEngine } from '../../../lib/engine/codebuild/engine.ts';
import type { BuildEvent, EndedAnswer, RemoteJob } from '../../../lib/engine/types.ts';
import type { Entry } from '../../../lib/image/entry.ts';
import { machinePlatform } from '../../../lib/image/platform.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { directory, filesOf, imageOf, Scratch, timesIn } from '../../unit/build/support.ts';
import { as, builder, startCloud } from '../../unit/local-aws/cloud.ts';
import { startDockerRegistry } from '../registry/docker-registry.ts';
import { DockerEngine, whyNoDocker } from './docker-engine.ts';
import { COMMITTED, startGitHost } from './git-host.ts';

const missing = whyNoDocker();
const TOKEN = 'ghp_0123456789abcdef';
const APP_FILE = `name: web # ${'x'.repeat(6000)}\n`;

const GOOD = (base: string) => `FROM ${base} AS build
WORKDIR /src
COPY . .
RUN cat a.txt b/c.txt > made && chmod 640 made && mkdir -p d/e && ln -s made link
FROM ${base}
ARG WHO=nobody
ENV GREETING="hello $WHO" EMPTY=
COPY --from=build /src/made /src/link /app/
COPY --chown=5:6 b /app/b
RUN rm /etc/gone && echo run > /app/ran
EXPOSE 8080/tcp 53/udp 9000
USER 1000:1000
LABEL a=b
CMD ["/app/made"]
`;

describe.skipIf(missing !== undefined)(
  `a build handed over to CodeBuild${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    const scratch = new Scratch();
    let docker: DockerEngine;
    let registry: Awaited<ReturnType<typeof startDockerRegistry>>;
    let git: Awaited<ReturnType<typeof startGitHost>>;
    let cloud: Awaited<ReturnType<typeof startCloud>>;
    let engine: CodeBuildEngine;
    let good: string;
    const registries = new Registries();

    beforeAll(async () => {
      registry = await startDockerRegistry(scratch.directory());
      await registries.publish(
        await imageOf(scratch, baseEntries(), { Env: ['PATH=/bin'], Cmd: ['sh'] }),
        `${registry.host}/base`,
        ['1'],
      );
      const base = `${registry.host}/base:1`;
      const commit = (dockerfile: string, files: Record<string, string> = {}) =>
        scratch.context({ Dockerfile: dockerfile, ...files });
      good = commit(GOOD(base), {
        'a.txt': 'a\n',
        'b/c.txt': 'c\n',
        'b/run.sh': '#!/bin/sh\n',
        'ignored.txt': 'no\n',
        '.dockerignore': 'ignored.txt\n',
        'fairlead.yaml': APP_FILE,
      });
      const commits = {
        good,
        broken: commit(`FROM ${base}\nWORKDIR /w\nRUN echo "what went wrong" >&2; exit 3\n`),
        nobase: commit(`FROM ${registry.host}/nothing:1\n`),
        typo: commit(`FROM ${base}\nRUNN true\n`),
        slow: commit(`FROM ${base}\nRUN sleep 60\n`),
        bare: scratch.context({ 'a.txt': 'a' }),
        escaping: scratch.context({ Dockerfile: `FROM ${base}\n`, 'fairlead.yaml': '-> /proc/self/environ' }),
      };
      git = await startGitHost(commits, TOKEN);
      docker = await new DockerEngine().start();
      cloud = await startCloud({
        secrets: { 'git-host': TOKEN },
        codeBuild: {
          projects: { builder: { buildspec: buildspec(), timeoutMinutes: 5, environment: {} } },
          machine: { PATH: '/usr/bin:/bin', DOCKER_HOST: docker.host },
        },
      });
      engine = new CodeBuildEngine({
        project: 'builder',
        registries,
        hosts: { github: { apiUrl: git.url, tokenSecretId: 'git-host' } },
        codeBuild: new CodeBuildClient(as(builder, cloud.endpoint)),
        logs: new CloudWatchLogsClient(as(builder, cloud.endpoint)),
        interval: 100,
      });
    }, 60_000);
    afterAll(async () => {
      await cloud?.close();
      await git?.close();
      await docker?.close();
      await registry?.close();
      scratch.close();
    });

    const jobFor = (commit: string): RemoteJob => ({
      name: commit.padEnd(40, '0'),
      platform: machinePlatform(),
      request: {
        subject: { delivery: 'd', app: 'web', commit },
        repository: { host: 'github', owner: 'team', name: 'web' },
        publishTo: `${registry.host}/fairlead/web`,
        tags: [commit],
        fence: 1,
      },
    });
    const soon = () => new Date(Date.now() + 120_000);

    async function run(commit: string): Promise<{ answer: EndedAnswer; events: BuildEvent[] }> {
      const job = jobFor(commit);
      const events: BuildEvent[] = [];
      const { id } = await engine.start(job);
      const followed = await engine.follow(job, id, (event) => events.push(event), soon());
      if (followed.state !== 'ended') throw new Error('it did not end');
      return { answer: followed.answer, events };
    }

    it('has the files and the configuration that our own builder gives it', {
      timeout: 120_000,
    }, async () => {
      const { answer, events } = await run('good');
      expect(answer).toMatchObject({
        outcome: 'built',
        exposedPorts: [8080, 9000],
        env: ['PATH=/bin', 'GREETING=hello nobody', 'EMPTY='],
        user: '1000:1000',
        appFile: APP_FILE,
      });
      if (answer.outcome !== 'built') return;
      const ours = await build({ context: good, cacheDir: scratch.directory(), registries });
      const theirs = await registries.resolve(answer.image, machinePlatform());
      expect(await filesOf(theirs)).toEqual(await filesOf(ours));
      const times = await timesIn(theirs);
      // The commit's file has the commit's time, the one of a RUN that of now: none is that of all others.
      expect(times['app/b/c.txt']).toBe(COMMITTED);
      expect(times['app/ran']).toBeGreaterThan(Date.now() / 1000 - 600);
      const { config: { Env, Cmd, User, ExposedPorts, Labels } = {} } = theirs.config;
      expect(ours.config.config).toMatchObject({ Env, Cmd, User, ExposedPorts, Labels });
      expect((await registries.resolve(`${registry.host}/fairlead/web:good`, machinePlatform())).digest).toBe(
        answer.digest,
      );
      const steps = events.flatMap((event) => (event.type === 'step' ? [event.instruction] : []));
      expect(steps).toContain('RUN rm /etc/gone && echo run > /app/ran');
      expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['built', 'published']));
    });

    it('leaves a cache in the registry for the next machine', async () => {
      const cached = await registries.resolve(
        `${registry.host}/fairlead/web:fairlead-cache-buildkit-${machinePlatform().architecture}`,
        machinePlatform(),
      );
      expect(cached.configBytes.toString()).toContain('moby.buildkit.cache.v0');
    });

    it('begins once, and is followed by another invocation from where the last one stopped', async () => {
      const job = jobFor('good');
      const first = await engine.start(job);
      expect(await engine.start(job)).toEqual(first);
      const events: BuildEvent[] = [];
      const over = await engine.follow(job, first.id, (event) => events.push(event), soon());
      expect(over.state).toBe('ended');
    });

    it('answers in time that it goes on, and ends when it is stopped', { timeout: 60_000 }, async () => {
      const job = jobFor('slow');
      const { id } = await engine.start(job);
      const followed = await engine.follow(job, id, () => {}, new Date(Date.now() + 3_500));
      if (followed.state !== 'running') throw new Error('it ended');
      expect(followed.id.length).toBeLessThan(1_024);
      const [buildId] = followed.id.split(' ');
      await new CodeBuildClient(as(builder, cloud.endpoint)).send(new StopBuildCommand({ id: buildId }));
      const stopped = await engine.follow(job, followed.id, () => {}, soon());
      expect(stopped).toMatchObject({
        answer: { outcome: 'failed', blame: 'elsewhere', reason: 'somebody stopped the build in CodeBuild' },
      });
    });

    it.each([
      ['broken', 'commit', /the command ended with exit code 3: what went wrong/],
      ['typo', 'commit', /unknown instruction: RUNN/],
      ['bare', 'commit', /no Dockerfile at the top of the repository/],
      ['nobase', 'elsewhere', /nothing:1: not found/],
      ['unknown', 'elsewhere', /the git host gave no archive of the commit: curl: .*404/],
    ])('fails by its reason: %s', { timeout: 60_000 }, async (commit, blame, reason) => {
      const { answer } = await run(commit);
      expect(answer).toMatchObject({ outcome: 'failed', blame });
      if (answer.outcome === 'failed') expect(answer.reason).toMatch(reason);
    });

    it('reads no file outside of the commit', { timeout: 60_000 }, async () => {
      const { answer } = await run('escaping');
      expect(answer).toMatchObject({ outcome: 'built' });
      expect(answer).not.toHaveProperty('appFile');
    });

    it('has said no secret in any log', async () => {
      const logs = new CloudWatchLogsClient(as(builder, cloud.endpoint));
      let characters = 0;
      for (const commit of ['good', 'broken', 'unknown', 'escaping']) {
        const { id } = await engine.start(jobFor(commit));
        const { events = [] } = await logs.send(
          new GetLogEventsCommand({
            logGroupName: '/aws/codebuild/builder',
            logStreamName: id.split(':')[1],
          }),
        );
        const text = events.map(({ message }) => message).join('');
        characters += text.length;
        expect(text).not.toContain(TOKEN);
      }
      expect(characters).toBeGreaterThan(1_000);
    });
  },
);

/** busybox and a few files. */
function baseEntries(): Entry[] {
  const root = { uid: 0, gid: 0, mtime: 0 };
  const link = (path: string): Entry => ({
    ...root,
    path,
    type: 'symlink',
    mode: 0o777,
    linkTarget: 'busybox',
  });
  const file = (path: string, bytes: Buffer, mode = 0o644): Entry => ({
    ...root,
    path,
    type: 'file',
    mode,
    size: bytes.length,
    open: () => Readable.from([bytes]),
  });
  return [
    ...['bin', 'etc', 'proc', 'sys', 'dev'].map((name) => directory(name)),
    directory('tmp', 0o1777),
    file('bin/busybox', readFileSync('/bin/busybox'), 0o755),
    ...['sh', 'cat', 'chmod', 'echo', 'ln', 'mkdir', 'rm', 'sleep', 'true'].map((name) =>
      link(`bin/${name}`),
    ),
    file('etc/passwd', Buffer.from('root:x:0:0::/root:/bin/sh\n')),
    file('etc/gone', Buffer.from('gone\n')),
    file('etc/hosts', Buffer.from('')),
    file('etc/resolv.conf', Buffer.from('')),
  ];
}

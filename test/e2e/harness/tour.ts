import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { assembleImage } from '../../../lib/image/assemble.ts';
import { writeLayer } from '../../../lib/image/layer.ts';
import { machinePlatform } from '../../../lib/image/platform.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { App, get, type Pushed } from './app.ts';
import { busyboxEntries } from './busybox.ts';
import type { Ready } from './cloud.ts';
import { Cluster } from './cluster.ts';
import { fairlead } from './fairlead.ts';
import { GitHub } from './github.ts';
import { awsOf } from './person.ts';

const ALARM = 'tour-errors';
/** ms; machines of tests have other things to do. */
const PATIENCE = 180_000;
const TAG = { key: 'fairlead', value: 'tour' };

/** Everything that an installation does, once: each step fails where it does not end as it should. */
export class Tour {
  readonly #ready: Ready;
  readonly #life = `${Date.now()}`;
  readonly #apps: App[] = [];

  constructor(ready: Ready) {
    this.#ready = ready;
  }

  async end(): Promise<void> {
    for (const app of this.#apps) await app.remove();
  }

  async go({ microVms, codeBuild }: { microVms: boolean; codeBuild: boolean }): Promise<void> {
    await this.#publishBase();
    const web = await this.#app('tour');
    const url = await this.#pushesAndRollsBack(web);
    await this.#bakes(web, url);
    await this.#standsOnABase();
    await this.#readsSecrets(web);
    await this.#previews(web);
    await this.#isSwept(web);
    await this.#asksAll();
    if (microVms) await this.#buildsElsewhere('tour-vm', 'microvm');
    if (codeBuild) await this.#buildsElsewhere('tour-builder', 'codebuild');
    await this.#changesTheWebhooksSecret(web);
  }

  async #app(name: string, files?: Record<string, string>): Promise<App> {
    const app = await App.create(this.#ready.git, name, files);
    this.#apps.push(app);
    return app;
  }

  /** A base image, where the mirror of Docker's images has it. */
  async #publishBase(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-base-'));
    const layer = await writeLayer(busyboxEntries() ?? [], join(folder, 'blobs'));
    const config = { Env: ['PATH=/bin'], Cmd: ['sh'] };
    const image = assembleImage({ config: { ...machinePlatform(), config }, layers: [layer] });
    const host = new URL(this.#ready.registry).host;
    await new Registries().publish(image, `${host}/docker.io/library/busybox-base`, ['1']);
    await rm(folder, { recursive: true, force: true });
  }

  /** The first push, a changed line, a build that fails, and back by a person's word. */
  async #pushesAndRollsBack(app: App): Promise<string> {
    const { rest } = expectEnd(await app.push(), 'live');
    await this.#version(app, 2);
    expectEnd(await app.push(), 'live');
    await app.commit({ 'broken.go': 'package main\n\nfunc broken( {}\n' });
    expectEnd(await app.push(), 'failed');
    await app.git('revert', '--no-edit', 'HEAD');
    expectEnd(await app.push(), 'live');
    await this.#command('rollback', app.name, '--reason', 'it is too loud');
    await this.#command('retry', app.name);
    return rest;
  }

  /** A bake with alarms by name and by tag and with checks of the address; an alarm that rings in it, and one after it. */
  async #bakes(app: App, url: string): Promise<void> {
    await this.#putAlarm();
    const byTag = `  alarmTag: { key: ${TAG.key}, value: ${TAG.value} }`;
    const bake = (seconds: string, ...more: string[]) =>
      ['bake:', `  seconds: ${seconds}`, '  checks: [{ path: / }]', ...more, ''].join('\n');
    const counted = '  traffic: { namespace: Tour, metric: Requests, minimum: 1 }';
    await this.#version(app, 3, { 'fairlead.yaml': bake('2m', `  alarms: [${ALARM}]`, byTag, counted) });
    const pushing = app.push();
    await this.#until('the release bakes', async () =>
      (await get(url).catch(() => '')).startsWith('number 3') ? true : undefined,
    );
    await this.#set('ALARM');
    expectEnd(await pushing, 'failed');
    await this.#set('OK');
    await this.#version(app, 4, { 'fairlead.yaml': bake('2s', byTag, '  watchFor: 10m') });
    expectEnd(await app.push(), 'live');
    await this.#set('ALARM');
    await this.#until('the alarm takes it back', async () =>
      (await this.#command('releases', app.name)).includes(`rolled back by alarm ${ALARM}`)
        ? true
        : undefined,
    );
    await this.#set('OK');
    await app.commit({ 'fairlead.yaml': '' });
  }

  async #readsSecrets(app: App): Promise<void> {
    const { secrets } = await awsOf(this.#ready.pid);
    const Name = `fairlead/${app.name}/word`;
    await secrets.send(new CreateSecretCommand({ Name, SecretString: 'friend' }));
    secrets.destroy();
    await this.#version(app, 5, { 'fairlead.yaml': `secrets: { WORD: { secretsManager: ${Name} } }\n` });
    expectEnd(await app.push(), 'live');
  }

  /**
   * What is made of a base and files alone is made by the function itself. It takes its time to start: whoever rolls out asks
   * meanwhile whether a newer claim waits.
   */
  async #standsOnABase(): Promise<void> {
    const Dockerfile = `FROM busybox-base:1
COPY index.html /site/
EXPOSE 8080
CMD ["/bin/busybox", "sh", "-c", "/bin/busybox sleep 6; exec /bin/busybox httpd -f -p 8080 -h /site"]
`;
    const app = await this.#app('tour-files', { Dockerfile, 'index.html': this.#life });
    expectEnd(await app.push(), 'live');
  }

  /** Of a branch that comes and goes, and of a stranger's fork at a person's word. */
  async #previews(app: App): Promise<void> {
    const cluster = new Cluster(this.#ready.kubeconfig);
    const there = async () => (await cluster.namespaces(`${app.name}--`)).length;
    await this.#version(app, 6);
    expectEnd(await app.push('HEAD:blue'), 'live');
    await app.push(':blue');
    await this.#until('the preview goes', async () => ((await there()) === 0 ? true : undefined));
    const hub = new GitHub(this.#ready.git, app.name);
    await hub.fork(`${app.name}-of-bob`);
    const commit = (await app.git('rev-parse', 'HEAD')).text.trim();
    await app.git('push', '--force', `${this.#ready.git}/${app.name}-of-bob.git`, 'HEAD:main');
    await hub.open('main', `${app.name}-of-bob`, 'bob');
    await this.#command('preview', app.name, '1', '--commit', commit);
    await this.#until('the preview of the fork', async () => ((await there()) === 1 ? true : undefined));
    await hub.close(1);
    await this.#until('it goes', async () => ((await there()) === 0 ? true : undefined));
  }

  /** A push that nobody was told of. */
  async #isSwept(app: App): Promise<void> {
    const hub = new GitHub(this.#ready.git, app.name);
    await hub.setHook(false);
    const commit = await this.#version(app, 7);
    await app.push();
    await this.#until('the sweep finds the push', async () =>
      (await hub.statuses(commit)).find(({ state }) => state === 'success'),
    );
    await hub.setHook(true);
  }

  async #asksAll(): Promise<void> {
    await this.#command('status');
    await this.#command('diff', 'tour', '2');
    await this.#command('dead-letters');
  }

  /** Twice: what was kept of the first time is found the second time. */
  async #buildsElsewhere(name: string, engine: 'microvm' | 'codebuild'): Promise<void> {
    const host = new URL(this.#ready.registry).host;
    const base = engine === 'microvm' ? 'busybox-base:1' : `${host}/docker.io/library/busybox-base:1`;
    const dockerfile = (text: string) => `FROM ${base}
RUN mkdir /site && echo "${text} ${this.#life}" > /site/index.html
EXPOSE 8080
CMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/site"]
`;
    const app = await this.#app(name, {
      Dockerfile: dockerfile('one'),
      'fairlead.yaml': `engine: ${engine}\n`,
    });
    expectEnd(await app.push(), 'live');
    await app.commit({ Dockerfile: dockerfile('two') });
    expectEnd(await app.push('HEAD:blue'), 'live');
    const pushed = expectEnd(await app.push(), 'live');
    await this.#until('its answer', async () =>
      (await get(pushed.rest).catch(() => '')).startsWith('two') ? true : undefined,
    );
  }

  /** The value before the newest one is good, too, so that both sides can change theirs in turn. */
  async #changesTheWebhooksSecret(app: App): Promise<void> {
    const { secrets } = await awsOf(this.#ready.pid);
    await secrets.send(
      new PutSecretValueCommand({ SecretId: 'fairlead/webhook', SecretString: 'the next one' }),
    );
    secrets.destroy();
    await this.#version(app, 8);
    expectEnd(await app.push(), 'live');
  }

  async #version(app: App, number: number, files: Record<string, string> = {}): Promise<string> {
    const source = await readFile(join(app.directory, 'main.go'), 'utf8');
    const greeting = `greeting = "number ${number} of ${this.#life}"`;
    return await app.commit({ ...files, 'main.go': source.replace(/greeting = .*/, greeting) });
  }

  async #putAlarm(): Promise<void> {
    const { cloudWatch } = await awsOf(this.#ready.pid);
    await cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName: ALARM,
        Namespace: 'Tour',
        MetricName: 'Errors',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        // Without data it stays as it was set.
        TreatMissingData: 'ignore',
        Tags: [{ Key: TAG.key, Value: TAG.value }],
      }),
    );
    cloudWatch.destroy();
    await this.#set('OK');
  }

  async #set(StateValue: 'OK' | 'ALARM'): Promise<void> {
    const { cloudWatch } = await awsOf(this.#ready.pid);
    const StateReason = `${StateValue} by hand`;
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName: ALARM, StateValue, StateReason }));
    cloudWatch.destroy();
  }

  async #command(...args: string[]): Promise<string> {
    const { code, out, err } = await fairlead(this.#ready.pid, ...args);
    if (code !== 0) throw new Error(`fairlead ${args.join(' ')}: ${out}${err}`);
    return out;
  }

  async #until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    for (const deadline = Date.now() + PATIENCE; ; await sleep(250)) {
      const seen = await look();
      if (seen !== undefined) return seen;
      if (Date.now() > deadline) throw new Error(`${what}: not within ${PATIENCE / 1000} s`);
    }
  }
}

function expectEnd(pushed: Pushed, outcome: string): Pushed {
  if (pushed.outcome === outcome) return pushed;
  throw new Error(`the push should end ${outcome}:\n${pushed.text}`);
}

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, build } from '../../../lib/build/build.ts';
import { parsePlatform } from '../../../lib/image/platform.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { Scratch } from '../../unit/build/support.ts';
import { trixieRoot, whyNoTrixie } from '../trixie.ts';
import { makeArchives } from './archives.ts';
import { makeBases } from './bases.ts';
import { BuildKit, DOCKER } from './buildkit.ts';
import { type Case, CONTEXT } from './cases/case.ts';
import { platformOf, type Result, readImage, readLayout } from './files.ts';
import { Reference } from './reference.ts';
import { DebianRegistry } from './registry.ts';
import { Web } from './web.ts';

const PROGRAMS = [
  '/usr/bin/docker-registry',
  '/bin/busybox',
  '/usr/bin/setfattr',
  '/usr/bin/bzip2',
  '/usr/bin/xz',
];

/** Why there is nothing to compare with; nothing when there is. */
export function whyNoWorkshop(): string | undefined {
  const missing = PROGRAMS.filter((program) => !existsSync(program));
  if (missing.length > 0) return `${missing.join(' and ')} missing`;
  return whyNoTrixie(DOCKER);
}

export type EngineName = 'function' | 'sandbox';

/** All that a case is built with, twice: BuildKit, the bases in a registry, the servers of `ADD`, a builder's cache. */
export class Workshop {
  readonly scratch = new Scratch();
  readonly registry = new DebianRegistry();
  readonly buildkit = new BuildKit();
  readonly registries = new Registries();
  readonly #archives = makeArchives();
  readonly web = new Web(this.#archives);
  readonly cacheDir = this.scratch.directory();
  #reference: Reference | undefined;
  /** What stands for the words of the Dockerfiles. */
  words: Record<string, string> = {};

  async start(): Promise<this> {
    const trixie = await trixieRoot(DOCKER);
    await this.registry.start();
    await this.web.start();
    this.words = { REGISTRY: this.registry.host, WEB: this.web.url, COMMIT: this.web.commit };
    const bases = Object.entries(await makeBases(trixie, this.scratch.directory()));
    for (const [word, image] of bases) {
      const name = word === 'GOLANG' ? 'docker.io/library/golang' : word.toLowerCase();
      this.words[word] = await this.registry.publish(image, name);
    }
    const packages = readFileSync(join(trixie, 'var/lib/dpkg/status'), 'utf8');
    const archives = readdirSync(this.#archives).sort();
    const bytes = archives.map((name) => readFileSync(join(this.#archives, name), 'base64'));
    this.#reference = new Reference(
      [packages, this.web.commit, ...bytes, ...bases.map(([word, image]) => `${word} ${image.digest}`)],
      { registry: this.registry.host, web: this.web.url },
    );
    return this;
  }

  /** The build context of a case, with its Dockerfile. */
  context({ dockerfile, file = 'Dockerfile', context = CONTEXT, archives, prepare, isAbsent }: Case): string {
    const directory = this.scratch.context(context);
    if (archives)
      cpSync(this.#archives, join(directory, 'archives'), { recursive: true, preserveTimestamps: true });
    prepare?.(directory);
    if (isAbsent) return directory;
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), this.spell(dockerfile));
    return directory;
  }

  /** A Dockerfile with the words replaced; `$BASE` stays, which is a variable of the base. */
  spell(dockerfile: string): string {
    return dockerfile.replace(/(?<![$\w{/-])[A-Z]{3,}\b/g, (word) => this.words[word] ?? word);
  }

  /** What BuildKit makes of it, by platform: now, or in a run before. */
  async theirs(one: Case, context: string): Promise<Record<string, Result>> {
    return await (this.#reference as Reference).of(one, () => this.#theirs(one, context));
  }

  async #theirs(one: Case, context: string): Promise<Record<string, Result>> {
    const secrets = Object.entries(one.secrets ?? {}).flatMap(([id, text]) => {
      const file = join(this.scratch.directory(), id);
      writeFileSync(file, text);
      return ['--secret', `id=${id},src=${file}`];
    });
    const archive = await this.buildkit.build(context, [
      ...Object.entries(one.buildArgs ?? {}).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
      ...(one.target === undefined ? [] : ['--target', one.target]),
      ...(one.platform === undefined ? [] : ['--platform', one.platform]),
      ...(one.file === undefined ? [] : ['-f', join(context, one.file)]),
      ...secrets,
    ]);
    try {
      return readLayout(archive);
    } finally {
      rmSync(archive);
    }
  }

  /** What we make of it, by platform. */
  async ours(one: Case, context: string, engine?: EngineName): Promise<Record<string, Result>> {
    const results: Record<string, Result> = {};
    for (const platform of one.platform?.split(',') ?? [undefined]) {
      const image = await build(this.options(one, context, engine, platform));
      results[platformOf(image.config)] = await readImage(image);
    }
    return results;
  }

  options(one: Case, context: string, engine?: EngineName, platform?: string): BuildOptions {
    const secrets = Object.entries(one.secrets ?? {}).map(
      ([id, value]) => [id, { from: 'value', value }] as const,
    );
    return {
      context,
      cacheDir: this.cacheDir,
      registries: this.registries,
      ...(engine === undefined ? {} : { engines: [engine] }),
      ...(one.buildArgs === undefined ? {} : { buildArgs: one.buildArgs }),
      ...(one.target === undefined ? {} : { target: one.target }),
      ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
      ...(one.file === undefined ? {} : { dockerfile: one.file }),
      ...(secrets.length === 0 ? {} : { secrets: new Map(secrets) }),
    };
  }

  async close(): Promise<void> {
    this.registry.close();
    this.web.close();
    await this.buildkit.close();
    rmSync(this.#archives, { recursive: true, force: true });
    this.scratch.close();
  }
}

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../../../lib/build/build.ts';
import type { BuildFailure } from '../../../../lib/build/failure.ts';
import { FairleadError } from '../../../../lib/errors.ts';
import type { Image } from '../../../../lib/image/types.ts';
import type { Case } from '../cases/case.ts';
import { Workshop, whyNoWorkshop } from '../workshop.ts';
import { makeCanary, stateOf } from './canary.ts';

const missing = whyNoWorkshop();

/** On this machine, outside of the context and the stages, and in environments: the builder's, and another program's. */
const MARKER = 'what-belongs-to-the-machine';

describe.skipIf(missing !== undefined)(
  `a hostile Dockerfile and context${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    let workshop: Workshop;
    let outside: string;
    let before: string;
    let neighbour: ChildProcess;
    beforeAll(async () => {
      workshop = await new Workshop().start();
      outside = makeCanary(workshop.scratch.directory());
      mkdirSync(join(outside, 'dir'));
      for (const name of ['secret', 'dir/secret', 'Dockerfile'])
        writeFileSync(join(outside, name), `# ${MARKER}\nFROM scratch\n`);
      before = stateOf(outside);
      process.env.FAIRLEAD_TEST_MARKER = MARKER;
      // Unlike what is set in this process, what a program is started with is in its /proc/PID/environ.
      neighbour = spawn('sleep', ['600'], { stdio: 'ignore' });
      expect(readFileSync(`/proc/${neighbour.pid}/environ`, 'utf8')).toContain(MARKER);
    }, 600_000);
    afterAll(async () => {
      delete process.env.FAIRLEAD_TEST_MARKER;
      neighbour?.kill('SIGKILL');
      await workshop?.close();
    });

    const up = '../'.repeat(24);
    const run = (command: string) => `FROM BASE\nRUN ${command} > /found 2>&1; true`;
    const hosts: [string, (outside: string) => string][] = [
      ['COPY of a path that climbs', (to) => `FROM scratch\nCOPY ${up}${to}/secret /x`],
      ['COPY of an absolute path', (to) => `FROM scratch\nCOPY ${to}/secret /x`],
      ['COPY of a link that leads out', () => 'FROM scratch\nCOPY out /x'],
      ['COPY of a directory behind a link', () => 'FROM scratch\nCOPY outdir /x/'],
      ['COPY through a link', () => 'FROM scratch\nCOPY outdir/secret /x'],
      ['COPY by a wildcard through a link', () => 'FROM scratch\nCOPY out*/s* /x/'],
      ['COPY --parents through a link', () => 'FROM scratch\nCOPY --parents outdir/secret /x/'],
      ['ADD of a link', () => 'FROM scratch\nADD out /x'],
      ['ADD of a file: URL', (to) => `FROM scratch\nADD file://${to}/secret /x`],
      ['ADD of a git repository that is a path', (to) => `FROM scratch\nADD git@localhost:${to} /x`],
      ['COPY of everything', () => 'FROM BASE\nCOPY . /all\nRUN cat /all/out /all/outdir/secret; true'],
      [
        'COPY --from a stage by a link to the machine',
        (to) => `FROM BASE AS a\nRUN ln -s ${to} /l\nFROM scratch\nCOPY --from=a /l/secret /x`,
      ],
      [
        'a bind mount of a link',
        () => 'FROM BASE\nRUN --mount=type=bind,source=outdir,target=/m cat /m/secret > /x; true',
      ],
      [
        'a bind mount that climbs',
        (to) => `FROM BASE\nRUN --mount=type=bind,source=${up}${to},target=/m cat /m/secret > /x; true`,
      ],
      [
        'a bind mount of the context',
        () => 'FROM BASE\nRUN --mount=type=bind,target=/m cat /m/out /m/outdir/secret > /x; true',
      ],
      [
        'a bind mount of a stage with a link',
        (to) =>
          `FROM BASE AS a\nRUN ln -s ${to} /l\nFROM BASE\nRUN --mount=from=a,source=/l,target=/m cat /m/secret > /x; true`,
      ],
      [
        'a cache mount by a link',
        (to) =>
          `FROM BASE\nRUN ln -s ${to} /l\nRUN --mount=type=cache,id=bad,target=/l/dir ls -l /l/dir > /x; touch /l/dir/new`,
      ],
      [
        'a cache mount with an id that climbs',
        (to) =>
          `FROM BASE\nRUN --mount=type=cache,id=${up}${to},target=/c cat /c/secret > /x; touch /c/new; true`,
      ],
      [
        'WORKDIR behind a link',
        (to) => `FROM BASE\nRUN ln -s ${to} /l\nWORKDIR /l/new\nRUN touch here; ls / > /x`,
      ],
      ['COPY to behind a link', (to) => `FROM BASE\nRUN ln -s ${to} /l\nCOPY a.txt /l/keep\nRUN ls /l > /x`],
      [
        'RUN that climbs',
        (to) => run(`cat ${up}${to}/secret /proc/1/root${to}/secret /proc/self/root${to}/secret`),
      ],
      ['RUN that reads environments', () => run('cat /proc/*/environ; env; cat /proc/*/cmdline')],
      [
        'RUN that reads descriptors',
        () => run('for f in /proc/*/fd/*; do head -c 4096 $f; done < /dev/null'),
      ],
      ['RUN that mounts', (to) => run(`mount --bind ${to} /mnt; mknod /disk b 254 0; head -c 4096 /disk`)],
      [
        'RUN as the working directory of a descriptor',
        () => run('ls -l /proc/self/fd/ /proc/self/cwd/ /proc/1/cwd/'),
      ],
    ];

    it.each(hosts)(
      '%s neither reads nor writes what is outside',
      async (_name, dockerfile) => {
        const context = workshop.context({ name: '', dockerfile: dockerfile(outside) });
        symlinkSync(join(outside, 'secret'), join(context, 'out'));
        symlinkSync(join(outside, 'dir'), join(context, 'outdir'));
        await attempt({ name: '', dockerfile: '' }, context);
      },
      60_000,
    );

    it.each([
      ['Dockerfile', 'a Dockerfile'],
      ['.dockerignore', 'ignore rules'],
      ['go.mod', 'a go.mod'],
    ])(
      '%s that is a link is not read as %s',
      async (name) => {
        const context = workshop.scratch.context({
          'a.txt': 'a',
          ...(name !== 'Dockerfile' && { Dockerfile: 'FROM scratch\nCOPY . /\n' }),
        });
        symlinkSync(join(outside, 'Dockerfile'), join(context, name));
        await attempt({ name: '', dockerfile: '' }, context);
      },
      60_000,
    );

    /** Builds, and looks for the marker in all that came of it. */
    async function attempt(one: Case, context: string): Promise<void> {
      const cacheDir = workshop.scratch.directory();
      const told: unknown[] = [];
      const options = {
        ...workshop.options(one, context),
        cacheDir,
        onProgress: (event: unknown) => told.push(event),
      };
      const image = await build(options).catch((error: unknown) => {
        if (!(error instanceof FairleadError)) throw error;
        told.push(error.message, (error as BuildFailure).details ?? '');
        return undefined;
      });
      expect(JSON.stringify(told)).not.toContain(MARKER);
      for (const bytes of image === undefined ? [] : await bytesOf(image))
        expect(bytes.includes(MARKER)).toBe(false);
      for (const file of filesBelow(cacheDir))
        expect([file, readFileSync(file).includes(MARKER)]).toEqual([file, false]);
      expect(stateOf(outside)).toBe(before);
    }
  },
);

async function bytesOf(image: Image): Promise<Buffer[]> {
  const layers = image.layers.map(async ({ open }) => {
    const bytes = await buffer(await open());
    return bytes.readUInt16BE(0) === 0x1f8b ? gunzipSync(bytes) : bytes;
  });
  return [Buffer.from(image.configBytes), ...(await Promise.all(layers))];
}

// find(1) goes through no links.
function filesBelow(directory: string): string[] {
  return execFileSync('find', [directory, '-type', 'f', '-print0'], { encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '');
}

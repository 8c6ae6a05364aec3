import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../../lib/build/build.ts';
import type { Image } from '../../../lib/image/types.ts';
import { writeDockerArchive, writeLayoutArchive } from '../../../lib/image/write-layout.ts';
import { one } from './cases/case.ts';
import { Containerd } from './containerd.ts';
import { Workshop, whyNoWorkshop } from './workshop.ts';

const execute = promisify(execFile);

const PROGRAMS = [
  '/usr/bin/containerd',
  '/usr/bin/ctr',
  '/usr/sbin/runc',
  '/usr/bin/skopeo',
  '/usr/bin/buildah',
];
const absent = PROGRAMS.filter((program) => !existsSync(program));
const missing = absent.length > 0 ? `${absent.join(' and ')} missing` : whyNoWorkshop();

const IMAGE = one(
  'FROM LAYERED',
  'RUN echo made > /made && chmod 4755 /made && ln /made /linked && rm -r /old && mkfifo /pipe',
  'RUN cp /bin/cat /cat && setcap cap_net_bind_service=+ep /cat',
  'COPY --chown=app:staff dir /home/app/dir',
  'COPY --link <<EOF /hello',
  'hello from $BASE',
  'EOF',
  'ENV NAME=value',
  'WORKDIR /home/app',
  'USER app',
  'ENTRYPOINT ["/bin/sh", "-c"]',
  'CMD ["cat /hello dir/sub/y; id -u; id -g; pwd; echo $NAME; ls -d /old /abs; stat -c %a:%h /made; test -p /pipe && echo pipe"]',
);
const SAYS = /^hello from base\ny1000\n1001\n\/home\/app\nvalue\n4755:2\npipe\n$/;

describe.skipIf(missing !== undefined)(
  `images that we build${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    let workshop: Workshop;
    let image: Image;
    let layout: string;
    let archive: string;

    beforeAll(async () => {
      workshop = await new Workshop().start();
      image = await build(workshop.options(IMAGE, workshop.context(IMAGE)));
      const folder = workshop.scratch.directory();
      [layout, archive] = [join(folder, 'layout.tar'), join(folder, 'docker.tar')];
      await writeLayoutArchive(image, layout, ['registry.invalid/ours:1']);
      await writeDockerArchive(image, archive, ['registry.invalid/ours:1']);
    }, 600_000);
    afterAll(async () => workshop?.close());

    it('run on containerd', async () => {
      const containerd = await new Containerd().start();
      try {
        await containerd.ctr('images', 'import', layout);
        expect(await containerd.ctr('run', '--rm', 'registry.invalid/ours:1', 'one')).toMatch(SAYS);
      } finally {
        await containerd.close();
      }
    }, 120_000);

    it('are loaded and run by docker', async () => {
      for (const file of [archive, layout]) {
        expect(await workshop.buildkit.docker('load', '-i', file)).toMatch(/registry\.invalid\/ours:1/);
        const args = ['run', '--rm', '--network=none', '--pull=never', 'registry.invalid/ours:1'];
        expect(await workshop.buildkit.docker(...args)).toMatch(SAYS);
        await workshop.buildkit.docker('rmi', 'registry.invalid/ours:1');
      }
    }, 120_000);

    it('are what skopeo inspects and copies', async () => {
      const { stdout } = await execute('skopeo', ['inspect', `oci-archive:${layout}`]);
      expect(JSON.parse(stdout)).toMatchObject({
        Digest: image.digest,
        Architecture: image.config.architecture,
      });
      const config = await execute('skopeo', ['inspect', '--config', `docker-archive:${archive}`]);
      expect(JSON.parse(config.stdout)).toMatchObject({ config: { User: 'app', WorkingDir: '/home/app' } });
      const copy = workshop.scratch.directory();
      await execute('skopeo', ['copy', '--insecure-policy', `oci-archive:${layout}`, `dir:${copy}`]);
      expect(existsSync(join(copy, image.manifest.config.digest.slice('sha256:'.length)))).toBe(true);
    }, 60_000);

    it('are pulled by buildah from the registry that we published them to', async () => {
      const reference = await workshop.registry.publish(image, 'ours');
      const [root, runroot] = [workshop.scratch.directory(), workshop.scratch.directory()];
      const storage = ['--root', root, '--runroot', runroot, '--storage-driver', 'vfs'];
      await execute('buildah', [...storage, 'pull', '--tls-verify=false', reference]);
      const { stdout } = await execute('buildah', [...storage, 'inspect', '--type', 'image', reference]);
      expect(JSON.parse(stdout)).toMatchObject({ FromImageDigest: image.digest });
    }, 120_000);
  },
);

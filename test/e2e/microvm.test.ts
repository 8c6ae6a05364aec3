import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { assembleImage } from '../../lib/image/assemble.ts';
import { writeLayer } from '../../lib/image/layer.ts';
import { machinePlatform } from '../../lib/image/platform.ts';
import { Registries } from '../../lib/registry/registries.ts';
import { canMakeNetworks, probeIsolation } from '../../local/microvm/isolation.ts';
import { App, get } from './harness/app.ts';
import { busyboxEntries } from './harness/busybox.ts';

const { git, registry } = inject('cloud');
const isolation = await probeIsolation();
const busybox = busyboxEntries();
const life = `${Date.now()}`;

const DOCKERFILE = `FROM busybox-base:1
WORKDIR /site
RUN echo "made by a shell ${life}" > index.html && id -u > user
EXPOSE 8080
CMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/site"]
`;

/** Processes of the builders in MicroVMs, of all clouds on this machine. */
function servers(): number[] {
  const found = execFileSync('ps', ['-eo', 'pid,comm,args'], { encoding: 'utf8' });
  return [...found.matchAll(/^\s*(\d+) (?:node|MainThread)\S* .*build-vm\/index\.mjs$/gm)].map((match) =>
    Number(match[1]),
  );
}

describe.skipIf(!isolation.able || busybox === undefined)('an app whose Dockerfile runs a shell', () => {
  let app: App;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fairlead-base-'));
    const layer = await writeLayer(busybox ?? [], join(directory, 'blobs'));
    const config = { Env: ['PATH=/bin'], Cmd: ['sh'] };
    const image = assembleImage({ config: { ...machinePlatform(), config }, layers: [layer] });
    const host = new URL(registry).host;
    await new Registries().publish(image, `${host}/docker.io/library/busybox-base`, ['1']);
    app = await App.create(git, 'shell', { Dockerfile: DOCKERFILE });
  });
  afterAll(async () => {
    await app?.remove();
    await rm(directory, { recursive: true, force: true });
  });

  it('is built in a MicroVM and goes live, and the pusher is told why', async () => {
    const pushed = await app.push();
    expect(pushed.text).toMatch(/RUN echo .* \(Dockerfile:3\) needs a MicroVM: /);
    expect(pushed.text).toMatch(/remote: live /);
    expect(await get(pushed.rest)).toBe(`made by a shell ${life}`);
  }, 120_000);

  it('is built again in the MicroVM that is there, with what it kept', async () => {
    await app.commit({ Dockerfile: DOCKERFILE.replace('EXPOSE', 'RUN date > /site/then\nEXPOSE') });
    const pushed = await app.push();
    expect(pushed.text).toMatch(/RUN echo .* CACHED/);
    expect(pushed.text).toMatch(/remote: live /);
  }, 120_000);

  it('keeps a RUN apart from the registry on this machine, which the builder publishes to', async () => {
    const { hostname, port } = new URL(registry);
    const ask = `printf 'GET /v2/ HTTP/1.0\\r\\n\\r\\n' | busybox nc -w 1 ${hostname} ${port} | busybox grep -q HTTP`;
    const run = `RUN if ${ask}; then echo reached; else echo apart; fi > index.html`;
    await app.commit({ Dockerfile: DOCKERFILE.replace('EXPOSE', `${run}\nEXPOSE`) });
    const pushed = await app.push();
    expect(pushed.text).toMatch(/remote: live /);
    expect(await get(pushed.rest)).toBe((await canMakeNetworks()) ? 'apart' : 'reached');
  }, 120_000);

  it('says which command failed, as any build does', async () => {
    await app.commit({ Dockerfile: DOCKERFILE.replace('EXPOSE', 'RUN echo no such luck; exit 7\nEXPOSE') });
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('failed');
    expect(pushed.text).toMatch(/Dockerfile:4: the command ended with exit code 7: no such luck/);
  }, 120_000);

  it('goes live though its MicroVM is killed in the middle of the build', async () => {
    await app.commit({ Dockerfile: DOCKERFILE.replace('EXPOSE', 'RUN sleep 6; echo slept\nEXPOSE') });
    const before = new Set(servers());
    const pushing = app.push();
    let killed = false;
    const killer = setInterval(() => {
      const sleeping = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).includes(
        'sleep 6; echo slept',
      );
      if (!sleeping || killed) return;
      killed = true;
      for (const pid of servers()) process.kill(pid, 'SIGKILL');
    }, 200);
    const pushed = await pushing;
    clearInterval(killer);
    expect(before.size).toBeGreaterThan(0);
    expect(killed).toBe(true);
    expect(pushed.text).toMatch(/the MicroVM ended in the middle of the build .*; another one begins anew/);
    expect(pushed.text).toMatch(/remote: live /);
  }, 120_000);
});

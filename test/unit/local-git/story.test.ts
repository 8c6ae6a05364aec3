import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ACCEPTED,
  commit,
  git,
  head,
  hostForTests,
  interrupt,
  remoteLines,
  startGitProcess,
} from './host.ts';

const SETTLED = 'deploy.settled';

describe('the story of a push', () => {
  const host = hostForTests();
  const { pipeline, tell, url, workingCopy, arrived, hooks } = host;

  test('is told up to its end, as far as it is of this delivery', async () => {
    pipeline.reply = ({ delivery }) => {
      // A quick function speaks before it has answered.
      tell(delivery, 'push received');
      tell('another-delivery', 'not for us');
      setImmediate(() => {
        tell(delivery, 'step 1\nstep 2\n');
        tell(delivery, 'live web abc http://x', SETTLED);
        tell(delivery, 'too late');
      });
      return ACCEPTED;
    };
    const output = await git(await workingCopy(), 'push', `${url()}/told.git`, 'main');
    expect(remoteLines(output)).toEqual(['push received', 'step 1', 'step 2', 'live web abc http://x']);
  });

  test('arrives line by line, while the push runs', async () => {
    pipeline.reply = () => ACCEPTED;
    const child = startGitProcess(await workingCopy(), 'push', `${url()}/progressive.git`, 'main');
    let shown = '';
    child.stderr?.on('data', (chunk) => {
      shown += chunk;
    });
    await arrived(1);
    const delivery = hooks[0]?.delivery ?? '';
    for (const line of ['one', 'two', 'three']) {
      tell(delivery, line);
      await expect.poll(() => shown, { interval: 5 }).toContain(`remote: ${line}`);
      expect(child.exitCode).toBeNull();
    }
    tell(delivery, 'live', SETTLED);
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  test('is harmless to a terminal', async () => {
    pipeline.reply = ({ delivery }) => {
      tell(delivery, '\u001b[31mred\u001b[0m \u001b]0;title\u0007bell\u0008\r\nnext\ttab');
      tell(delivery, 'end', SETTLED);
      return ACCEPTED;
    };
    const output = await git(await workingCopy(), 'push', `${url()}/terminal.git`, 'main');
    expect(remoteLines(output)).toEqual(['red bell', 'next\ttab', 'end']);
  });

  test.each([
    ['ignored', 200],
    ['refused', 401],
    ['broken', 500],
  ])('that the pipeline %s is its message', async (status, code) => {
    pipeline.reply = ({ delivery }) => {
      tell(delivery, 'not shown');
      return { status: code, body: { status, message: `${status} web main: because\nof this` } };
    };
    const output = await git(await workingCopy(), 'push', `${url()}/not-accepted.git`, `main:${status}`);
    expect(remoteLines(output)).toEqual([`${status} web main: because`, 'of this']);
  });

  test('of a pipeline that answers nonsense ends in a failed line, and the push succeeds', async () => {
    pipeline.reply = () => ({ status: 502, body: '<h1>Bad\nGateway</h1>' });
    const work = await workingCopy();
    const lines = remoteLines(await git(work, 'push', `${url()}/nonsense.git`, 'main'));
    expect(lines[0]).toMatch(
      /curl -X POST http:.*\/repos\/local\/nonsense\/hooks\/1\/deliveries\/\d+\/attempts$/,
    );
    expect(lines.at(-1)).toBe(
      `failed nonsense ${await head(work)} the deployment pipeline answered 502: <h1>Bad Gateway</h1>`,
    );
  });

  test('of a pusher who hangs up goes on without them', async () => {
    pipeline.reply = () => ACCEPTED;
    const work = await workingCopy();
    const child = startGitProcess(work, 'push', `${url()}/hung-up.git`, 'main');
    await arrived(1);
    await interrupt(child);
    const delivery = hooks[0]?.delivery ?? '';
    for (let n = 0; n < 100; n += 1) tell(delivery, 'x'.repeat(1000));
    tell(delivery, 'live', SETTLED);
    const ref = await host.api('hung-up/git/ref/heads/main');
    expect(await ref.json()).toMatchObject({ object: { sha: await head(work) } });
    await commit(work, { next: '1' }, 'Next');
    pipeline.reply = ({ delivery: next }) => {
      tell(next, 'live again', SETTLED);
      return ACCEPTED;
    };
    const output = await git(work, 'push', `${url()}/hung-up.git`, 'main');
    expect(remoteLines(output)).toEqual(['live again']);
  });
});

describe('the story of a push, when nothing comes', () => {
  const { pipeline, url, workingCopy, tell } = hostForTests({ patience: 300 });

  test('breaks off after the time limit, with a word', async () => {
    pipeline.reply = ({ delivery }) => {
      tell(delivery, 'begun');
      return ACCEPTED;
    };
    const lines = remoteLines(await git(await workingCopy(), 'push', `${url()}/slow.git`, 'main'));
    expect(lines).toEqual([
      'begun',
      expect.stringMatching(/^Not settled after .*; this push stops watching/),
    ]);
  });
});

describe('the story of a push, without a pipeline', () => {
  let closed = '';
  const { url, workingCopy } = hostForTests({ webhook: { url: () => closed, secret: '' } });

  beforeAll(async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    closed = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    server.close();
  });

  test('says that it cannot be reached, and the commit is stored', async () => {
    const work = await workingCopy();
    const lines = remoteLines(await git(work, 'push', `${url()}/alone.git`, 'main'));
    expect(lines.at(-1)).toMatch(
      new RegExp(
        `^failed alone ${await head(work)} the deployment pipeline cannot be reached: nothing listens there$`,
      ),
    );
    expect(await git(work, 'ls-remote', `${url()}/alone.git`)).toContain(await head(work));
  });
});

describe('closing', () => {
  const { pipeline, url, api, workingCopy, arrived, host } = hostForTests();

  test('ends a push that still watches', async () => {
    pipeline.reply = () => ACCEPTED;
    const push = git(await workingCopy(), 'push', `${url()}/closing.git`, 'main');
    await arrived(1);
    const attempts = async () => (await (await api('closing/hooks/1/deliveries')).json()) as unknown[];
    await expect.poll(attempts).toHaveLength(1);
    await host().close();
    expect(remoteLines(await push)).toEqual([
      expect.stringMatching(/^The git host stops; the deployment may go on/),
    ]);
  });
});

describe('closing, while the pipeline is silent', () => {
  const { pipeline, url, workingCopy, arrived, host } = hostForTests();

  test('does not wait for it', async () => {
    pipeline.reply = () => 'hang';
    const push = git(await workingCopy(), 'push', `${url()}/silent.git`, 'main');
    await arrived(1);
    const before = Date.now();
    await host().close();
    expect(Date.now() - before).toBeLessThan(2000);
    expect(remoteLines(await push).at(-1)).toMatch(/cannot be reached: the git host stops$/);
  });
});

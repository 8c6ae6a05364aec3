import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { relayAgent } from '../../../../lib/build/run/mounts/agent.ts';

const scratch = mkdtempSync(join(tmpdir(), 'fairlead-agent-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** A message of the agent protocol: a length, a type, a body. */
const message = (type: number, body = '') =>
  Buffer.from([0, 0, 0, 1 + body.length, type, ...Buffer.from(body)]);

it('passes questions on whole, however they arrive, and refuses what would change the keys', async () => {
  const asked: Buffer[] = [];
  const agent = createServer((asker) => {
    asker.on('data', (bytes) => {
      asked.push(bytes);
      asker.write(message(12, 'keys'));
    });
  });
  agent.listen(join(scratch, 'agent'));
  await once(agent, 'listening');
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mode: 0o600 };
  const relay = await relayAgent(join(scratch, 'agent'), join(scratch, 'relay'), own);
  expect(statSync(join(scratch, 'relay')).mode & 0o777).toBe(0o600);
  const socket = connect(join(scratch, 'relay'));
  const answer = async () => ((await once(socket, 'data')) as [Buffer])[0];
  socket.write(message(11).subarray(0, 3));
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.write(message(11).subarray(3));
  expect(await answer()).toEqual(message(12, 'keys'));
  // SSH_AGENTC_ADD_IDENTITY, REMOVE_ALL_IDENTITIES, LOCK, EXTENSION.
  for (const type of [17, 19, 22, 27]) {
    socket.write(message(type, 'x'));
    expect(await answer()).toEqual(message(5));
  }
  expect(Buffer.concat(asked)).toEqual(message(11));
  socket.write(Buffer.from([255, 255, 255, 255, 11]));
  await once(socket, 'close');
  relay.close();
  agent.close();
});

it('listens in a directory of any depth', async () => {
  const deep = join(scratch, 'd'.repeat(100), 'e'.repeat(100));
  mkdirSync(deep, { recursive: true });
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mode: 0o600 };
  const relay = await relayAgent(join(scratch, 'nobody'), join(deep, 'relay'), own);
  expect(statSync(join(deep, 'relay')).isSocket()).toBe(true);
  relay.close();
  expect(readdirSync(deep)).toEqual([]);
});

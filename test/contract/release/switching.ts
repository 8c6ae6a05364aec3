import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideApp } from '../../../lib/app/decide.ts';
import { render } from '../../../lib/release/render.ts';
import { rollbackTo } from '../../../lib/release/rollback.ts';
import type { Release } from '../../../lib/release/types.ts';
import { freshName } from '../rollout/apps.ts';
import type { Implementation } from '../rollout/implementation.ts';
import { Installation } from '../rollout/installation.ts';
import { ask, underLoad } from '../rollout/load.ts';

const CANARY = 'strategy: { canary: { steps: [{ percent: 50, seconds: 1 }] } }';

/** Every strategy after every other one. */
const STRATEGIES = [
  'strategy: rolling',
  'strategy: blue-green',
  CANARY,
  'strategy: blue-green',
  'strategy: blue-green',
  'strategy: rolling',
  CANARY,
];

function releaseOf(
  name: string,
  image: string,
  {
    number,
    version,
    file,
    serving,
  }: { number: number; version: string; file: string; serving?: Release | undefined },
): Release {
  const said = `port: 8080\nhealth: /readyz\nresources: { requests: { cpu: 10m, memory: 16Mi } }\nenv: { VERSION: ${version} }`;
  const defaults = { service: 'NodePort' } as const;
  const app = decideApp({ name, file: `${said}\n${file}`, image: { exposedPorts: [] }, defaults });
  const environment = { name: 'production', namespace: name };
  const about = { commit: version.repeat(40), number, createdAt: new Date() };
  return render({ app, image, environment, ...about, ...(serving && { serving }) });
}

/** That strategies may change from release to release, and releases be taken back late, without a request that fails. */
export function switchingSuite({ name: title, missing, start }: Implementation): void {
  describe.skipIf(missing !== undefined)(
    `from strategy to strategy on ${title}${missing ? `: ${missing}` : ''}`,
    () => {
      let on: Installation;
      let load: ReturnType<typeof underLoad> | undefined;
      beforeAll(async () => {
        on = new Installation(await start());
      }, 120_000);
      afterAll(async () => {
        await load?.stop();
        await on.tidy();
        await on.close();
      });

      it('fails no request', async () => {
        const name = freshName();
        const { image } = on.running;
        const versions = [...'abcdefg'];
        const made: Release[] = [];
        const bringOut = async (release: Release, version: string) => {
          const answer = await on.bringOut(release, release.number);
          if (answer.state !== 'live' || answer.url === undefined) throw new Error(JSON.stringify(answer));
          const { url } = answer;
          // A node's proxy learns of a new Service a moment after the API does: before, nothing serves that could fail.
          if (load === undefined) await expect.poll(() => ask(url).catch(() => '')).toBe(version);
          load ??= underLoad(url);
          const { answers } = load;
          const before = answers.get(version) ?? 0;
          await expect.poll(() => answers.get(version) ?? 0, { timeout: 10_000 }).toBeGreaterThan(before);
        };
        for (const [index, file] of STRATEGIES.entries()) {
          const [version = '', serving] = [versions[index], made.at(-1)];
          const release = releaseOf(name, image, { number: index + 1, version, file, serving });
          await bringOut(release, version);
          made.push(release);
        }
        // The pods of this one are long gone: they are made ready before they get requests.
        const [live, early] = [made[6], made[4]];
        if (live === undefined || early === undefined) throw new Error('too few releases');
        await bringOut(rollbackTo(early, 8, new Date(), live), 'e');
        await sleep(2000);
        const answers = await load?.stop();
        expect([...(answers?.keys() ?? [])].sort()).toEqual(versions);
      }, 300_000);
    },
  );
}

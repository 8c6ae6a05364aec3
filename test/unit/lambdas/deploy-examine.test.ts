import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Finding } from '../../../lib/operate/answer.ts';
import type { ListedApp } from '../../../lib/push/installation.ts';
import { NO_PREVIEWS } from '../../../lib/push/previews.ts';
import type { RolloutAnswer } from '../../../lib/rollout/request.ts';
import { installationFile } from './installation-file.ts';
import { Stage } from './stage.ts';

const A = 'a'.repeat(40);
const app = (name: string): ListedApp => ({
  app: name,
  repository: { host: 'github', owner: 'acme', repository: name },
  environments: { production: 'main' },
  previews: NO_PREVIEWS,
});
// The stage calls its apps so, by their order.
const NAMES = ['web-0', 'web-1', 'web-2', 'web-3'];
let stage: Stage;
let file: ReturnType<typeof installationFile>;

beforeAll(async () => {
  file = installationFile({ apps: NAMES.map(app), others: 'ignored' });
  vi.stubEnv('INSTALLATION_FILE', file.path);
  stage = await Stage.set();
});
afterAll(async () => {
  await stage.strike();
  file.remove();
});

test('asks for every listed app’s repository and branch, though nothing of it was deployed', async () => {
  const [seen, hidden, empty, broken] = NAMES.map(() => stage.scene());
  if (!seen || !hidden || !empty || !broken) throw new Error('no scene');
  seen.repository.head = A;
  Object.assign(hidden.repository, { head: A, seen: false });
  broken.repository.faults.push(401);
  const none = { state: 'surveyed', survey: { environments: [], unread: [] } };
  seen.rollOut = async () => none as unknown as RolloutAnswer;
  const { result } = await seen.deploy({ do: 'examine', delivery: 'examine-1' });
  const { findings } = result as { findings: Finding[] };
  expect(findings.filter(({ about }) => about === 'git host')).toEqual([
    { is: 'ok', about: 'git host', says: 'github/acme/web-0 can be read' },
    {
      ...{ is: 'not-ok', about: 'git host', says: 'GitHub shows Fairlead no repository acme/web-1' },
      remedy: expect.stringMatching(/^see that it is there, and may be read/),
    },
    {
      ...{ is: 'not-ok', about: 'git host', says: 'github/acme/web-2 has no branch main' },
      remedy: expect.stringContaining('push it, or name another branch'),
    },
    {
      ...{ is: 'not-ok', about: 'git host', says: expect.stringContaining('401') },
      remedy: expect.stringContaining('docs/triggers.md'),
    },
  ]);
});

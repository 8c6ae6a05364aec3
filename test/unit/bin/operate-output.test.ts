import { describe, expect, test } from 'vitest';
import { ending, plain, span } from '../../../bin/commands/operate/lines.ts';
import { diffLines, releaseLines } from '../../../bin/commands/operate/show-releases.ts';
import { details, overview } from '../../../bin/commands/operate/show-status.ts';
import type { PastRelease } from '../../../lib/ledger/releases.ts';
import type { EnvironmentStatus } from '../../../lib/operate/answer.ts';

const NOW = Date.parse('2026-01-01T12:30:00Z');
const [A, B] = ['a'.repeat(40), 'b'.repeat(40)];

const past = (number: number, given: Partial<PastRelease> = {}): PastRelease => ({
  number,
  commit: A,
  image: 'registry/fairlead/web@sha256:0',
  createdAt: '2026-01-01T12:00:00.000Z',
  verdict: { is: 'live' },
  ...given,
});
const standing = (given: Partial<EnvironmentStatus> = {}): EnvironmentStatus => ({
  app: 'web',
  name: 'production',
  namespace: 'web',
  repository: 'acme/web',
  branch: 'main',
  pushedAt: '2026-01-01T12:00:00.000Z',
  live: { release: 3, commit: A, url: 'http://web.test', liveSince: '2026-01-01T12:10:00.000Z' },
  newest: past(3),
  bad: [],
  ...given,
});

describe('overview', () => {
  test('has a line for every environment', () => {
    const lines = overview(
      [
        standing(),
        standing({ name: 'preview-x', underWay: { what: 'roll-back', commit: B } }),
        standing({ app: 'api', newest: past(4, { verdict: { is: 'failed', reason: 'it crashes' } }) }),
        {
          ...standing({ app: 'new', newest: past(1, { verdict: { is: 'failed', reason: 'x' } }) }),
          live: undefined as never,
        },
      ],
      NOW,
    );
    expect(lines).toEqual([
      'APP  ENVIRONMENT  STATE                RELEASE  COMMIT        SINCE       URL',
      'web  production   live                 3        aaaaaaaaaaaa  20 minutes  http://web.test',
      'web  preview-x    rolling back         3        aaaaaaaaaaaa  20 minutes  http://web.test',
      'api  production   live, newest failed  3        aaaaaaaaaaaa  20 minutes  http://web.test',
      'new  production   nothing runs',
    ]);
  });

  test('says that there is nothing', () => {
    expect(overview([], NOW)).toEqual(['Nothing has been deployed yet.']);
  });
});

test('details say what runs, what is at work, and what is refused and what to do about it', () => {
  const lines = details(
    [
      standing({
        live: { release: 3, commit: A, url: 'http://web.test', watchUntil: '2026-01-01T12:38:00.000Z' },
        newest: past(4, { commit: B, verdict: { is: 'failed', reason: 'it\ncrashes' } }),
        underWay: { what: 'deploy', commit: B },
        bad: [{ commit: B, reason: 'it crashes', at: '2026-01-01T12:20:00.000Z' }],
      }),
    ],
    NOW,
  );
  expect(lines).toEqual([
    'web production  acme/web, branch main',
    '  live     release 3, commit aaaaaaaaaaaa',
    '           http://web.test',
    '  watched  for 8 minutes more: until then an alarm takes it back',
    '  at work  deploying bbbbbbbbbbbb',
    '  newest   release 4, commit bbbbbbbbbbbb: failed: it crashes',
    '  refused  bbbbbbbbbbbb since 2026-01-01 12:20 UTC it crashes',
    '           fairlead retry web COMMIT lets one in again',
  ]);
});

test('details of a first release that is watched do not say that nothing is there', () => {
  const given = {
    newest: past(1, { verdict: undefined as never }),
    underWay: { what: 'deploy' as const, commit: A },
  };
  const { live: _, ...first } = standing(given);
  expect(details([first], NOW).slice(1)).toEqual([
    '  live     nothing that was found good yet',
    '  at work  deploying aaaaaaaaaaaa',
    '  newest   release 1, commit aaaaaaaaaaaa: under way',
  ]);
});

test('releases are listed with how they ended, the live one marked', () => {
  const lines = releaseLines({
    is: 'releases',
    environment: { app: 'web', name: 'production' },
    live: 1,
    releases: [
      past(4, { brings: 1 }),
      past(3, { verdict: undefined as never }),
      past(2, { commit: B, rolledBack: { by: 'alarm errors', reason: '9 errors', at: '' } }),
      past(1, { verdict: { is: 'live', notes: ['nobody can say whether it is good: no data'] } }),
    ],
  });
  expect(lines).toEqual([
    '   RELEASE  COMMIT        CREATED               HOW IT ENDED',
    '   4        aaaaaaaaaaaa  2026-01-01 12:00 UTC  good (brings back release 1)',
    '   3        aaaaaaaaaaaa  2026-01-01 12:00 UTC  under way',
    '   2        bbbbbbbbbbbb  2026-01-01 12:00 UTC  rolled back by alarm errors: 9 errors',
    '*  1        aaaaaaaaaaaa  2026-01-01 12:00 UTC  good; nobody can say whether it is good: no data',
    '* is live',
  ]);
});

test('a diff shows what was made, changed and taken away, and how the release was watched', () => {
  const lines = diffLines({
    is: 'diff',
    environment: { app: 'web', name: 'production' },
    release: past(2, {
      changes: [
        { object: 'ConfigMap web', is: 'created', fields: [] },
        { object: 'Deployment web', is: 'changed', fields: ['.spec.replicas: 2 -> 3'] },
        { object: 'Ingress web', is: 'removed', fields: [] },
      ],
      phases: [
        { name: 'all', bake: { is: 'unknown', reason: 'no data', notes: ['alarm x was ringing before'] } },
      ],
    }),
  });
  expect(lines).toEqual([
    'release 2 of web in production, commit aaaaaaaaaaaa: good',
    '  + ConfigMap web',
    '  ~ Deployment web',
    '      .spec.replicas: 2 -> 3',
    '  - Ingress web',
    '  watched all: unknown: no data',
    '      alarm x was ringing before',
  ]);
});

test.each([
  [0, '0 seconds'],
  [1, '1 second'],
  [119, '119 seconds'],
  [120, '2 minutes'],
  [7_300, '2 hours'],
  [86_400, '24 hours'],
  [300_000, '3 days'],
])('a span of %i seconds is %s', (seconds, text) => {
  expect(span(NOW, NOW + seconds * 1000)).toBe(text);
});

test('what a pod said does nothing to the terminal', () => {
  expect(plain('a\n\u001b[2Jb\tc\u0007')).toBe('a b c');
  expect(ending(past(1, { verdict: { is: 'failed', reason: '\u001b[31mred' } }))).toBe('failed: red');
});

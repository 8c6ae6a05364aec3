import { describe, expect, it } from 'vitest';
import { recorded, recordings, verdictOn } from './recorded.ts';

const MISSING = /^image \S+ cannot be pulled: its registry does not have it \(\S+: not found\)$/;
const QUOTA =
  'the cluster refuses to create pods: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0; an update takes more pods than the app has for a while: raise the quota, or lower replicas or resources.requests';
const PANIC = 'container web exits with code 2 right after its start: panic: boom';

/** What is to be made of each: its state, and the reason as text or pattern. */
const TABLE: Record<string, [state: string, reason?: string | RegExp, more?: object]> = {
  live: ['live'],
  // Of another image than the release's, as all that follow.
  'pulling-missing-digest': ['failed', MISSING, { blame: undefined }],
  'pulling-missing-tag': ['failed', MISSING, { blame: undefined }],
  'pulling-missing-later': ['failed', MISSING],
  'pulling-missing-repository': ['failed', MISSING],
  'pulling-denied': [
    'failed',
    /^image private\.fairlead\.test\/app:1 cannot be pulled: the registry refuses it \(.*403 Forbidden\)/,
    { blame: 'elsewhere' },
  ],
  'pulling-unreachable': ['progressing'],
  'pulling-unreachable-long': [
    'failed',
    /^image gone\.fairlead\.test\/app:1 cannot be pulled: .*connection refused \(0 of 1 pods ready\)$/,
    { blame: 'elsewhere' },
  ],
  'image-name': [
    'failed',
    /^image Not A Name cannot be pulled: .*couldn't parse image reference/,
    { blame: undefined },
  ],
  'crash-panic': ['failed', PANIC, { evidence: { container: 'web' } }],
  'crash-exit': [
    'failed',
    /^container web exits with code 1 right after its start: .*cannot read config\.json$/,
  ],
  'crash-done': [
    'failed',
    /^container web exits with code 0 right after its start \(a server has to keep running\): .*all done$/,
  ],
  'crash-signal': ['failed', /^container web exits with code 2 right after its start/],
  'crash-memory': [
    'failed',
    /^container web was killed for want of memory \(its limit is 24Mi, resources\.limits\.memory in fairlead\.yaml\): .*loading the index$/,
  ],
  'crash-once': ['live'],
  'crash-init': [
    'failed',
    /^container migrate exits with code 1 .*cannot read config\.json$/,
    { evidence: { container: 'migrate' } },
  ],
  'crash-sidecar': [
    'failed',
    /^container helper exits with code 1 .*cannot read config\.json$/,
    { evidence: { container: 'helper' } },
  ],
  // It serves in between: what comes of its restarts is for those who watch it after that.
  liveness: ['live'],
  'start-no-program': [
    'failed',
    'container web cannot be started: exec: "/nope": stat /nope: no such file or directory',
  ],
  'start-architecture': [
    'failed',
    /exec format error; the image is for another processor architecture than the node's$/,
  ],
  'start-root': [
    'failed',
    'container web cannot be started: container has runAsNonRoot and image will run as root',
  ],
  'config-no-secret': ['failed', 'container web cannot be started: secret "db" not found'],
  'config-no-key': ['failed', "container web cannot be started: couldn't find key password in Secret web/db"],
  'config-no-config-map': ['failed', 'container web cannot be started: configmap "settings" not found'],
  'volume-no-secret': ['progressing'],
  quota: ['failed', QUOTA, { blame: 'elsewhere' }],
  limit: [
    'failed',
    'the cluster refuses to create pods: maximum memory usage per Container is 1Gi, but limit is 2Gi',
  ],
  'no-node': ['progressing'],
  'no-room': [
    'failed',
    'no node takes the pod: 0/1 nodes are available: 1 Insufficient cpu. (0 of 1 pods ready)',
  ],
  'unready-yet': ['progressing'],
  'unready-status': [
    'failed',
    /^container web does not become ready: GET \/readyz on port 8080 answers 503, and has to answer 200 to 399; its log ends: .*listening on :8080 \(0 of 1 pods ready\)$/,
  ],
  'unready-port': ['failed', /^nothing listens on port 8080 of container web \(connection refused\)/],
  'stateful-live': ['live'],
  'stateful-crash': ['failed', PANIC],
  'stateful-quota': ['failed', QUOTA],
  'daemon-live': ['live'],
  'daemon-crash': ['failed', PANIC],
  'daemon-quota': ['failed', QUOTA],
  'job-done': ['done'],
  'job-running': ['running'],
  'job-failed': [
    'failed',
    /^job web has failed: container web exits with code 1 right after its start: .*cannot read config\.json$/,
    { exitCode: 1 },
  ],
  'job-failed-twice': ['failed', `job web has failed 2 times: ${PANIC}`, { exitCode: 2 }],
  'job-late': ['timed-out', 'job web is not done within its 3 s: container web was still running'],
  'job-image': ['failed', new RegExp(MISSING.source.replace('^', '^job web: '))],
  'job-no-key': ['failed', 'job web: container web cannot be started: secret "db" not found'],
  'job-quota': ['failed', `job web: ${QUOTA}`],
};

describe('of what a real cluster said once', () => {
  it.each(recordings)('%s', (name) => {
    const recording = recorded(name);
    const [state, reason, more = {}] = TABLE[name] ?? [];
    const expected = reason === undefined ? {} : { reason: matching(reason) };
    expect(verdictOn(recording)).toMatchObject({ state, ...expected, ...more });
  });

  it('has a verdict on everything that was recorded', () => {
    expect(recordings).toEqual(Object.keys(TABLE).sort());
  });

  it.each(['pulling-missing-digest', 'job-image'])('%s blames nobody for what Fairlead published', (name) => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const verdict = verdictOn(recorded(name), `registry.fairlead.test/fairlead/probe@${digest}`);
    expect(verdict).toMatchObject({ state: 'failed', blame: 'elsewhere' });
  });

  it.each(['crash-panic', 'crash-init', 'crash-sidecar', 'job-failed'])(
    '%s gives its log and events',
    (name) => {
      const { details } = verdictOn(recorded(name)) as { details: string };
      expect(details).toMatch(/^log of \S+, container \w+:\n {2}\S/);
      expect(details).toMatch(/\nevents:\n {2}\w+ \S+: \w+: /);
    },
  );
});

function matching(reason: string | RegExp): unknown {
  return typeof reason === 'string' ? reason : expect.stringMatching(reason);
}

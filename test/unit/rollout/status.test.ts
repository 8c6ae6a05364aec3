import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { status } from '../../../lib/rollout/status.ts';
import { viewOf } from './state.ts';
import { BORNE, ENDED, FINAL, GOING_ON } from './status-cases.ts';

it.each([...GOING_ON, ...FINAL, ...BORNE, ...ENDED])('$is', ({ state, verdict }) => {
  expect(status(viewOf(state))).toMatchObject(parse(verdict));
});

it('fails with nothing but its reason when there is no evidence', () => {
  expect(status(viewOf('{ deleted: true }'))).toEqual({
    state: 'failed',
    reason: 'Deployment web/web was deleted during the rollout',
    details: '',
    evidence: undefined,
    blame: 'elsewhere',
  });
});

it.each([
  [
    'a quota',
    'blame: elsewhere',
    '{ replicaSet: { conditions: [{ type: ReplicaFailure, status: "True", lastTransitionTime: "2026-11-01T10:00:01Z", message: "forbidden: exceeded quota" }] } }',
  ],
  [
    'an image that a node may not pull',
    'blame: elsewhere',
    '{ pods: [{ container: { image: x, state: { waiting: { reason: ErrImagePull, message: "403 Forbidden" } } } }] }',
  ],
  [
    'its own published image, when the registry has lost it',
    'blame: elsewhere',
    `{ pods: [{ container: { image: "registry.test/web@sha256:${'a'.repeat(64)}", state: { waiting: { reason: ErrImagePull, message: "not found" } } } }] }`,
  ],
  [
    'an image of its manifests that there is not',
    '{}',
    '{ pods: [{ container: { image: "postgres:99", state: { waiting: { reason: ErrImagePull, message: "docker.io/library/postgres:99: not found" } } } }] }',
  ],
  [
    'an image of its manifests that there is not, by an event',
    '{}',
    '{ pods: [{ container: { image: "postgres:99", state: { waiting: { reason: ImagePullBackOff, message: Back-off } } } }], events: [{ reason: Failed, message: \'Failed to pull image "postgres:99": not found\', at: 1 }] }',
  ],
  [
    'an image name in its manifests that is none',
    '{}',
    '{ pods: [{ container: { image: "Not A Name", state: { waiting: { reason: InvalidImageName, message: "could not parse" } } } }] }',
  ],
  [
    'an image that is missing or only hidden from the nodes',
    'blame: elsewhere',
    '{ pods: [{ container: { image: "acme/x", state: { waiting: { reason: ErrImagePull, message: "pull access denied, repository does not exist or may require authorization" } } } }] }',
  ],
  [
    'a registry that could not be reached until patience ended',
    'blame: elsewhere',
    '{ after: 100, pods: [{ container: { image: "postgres:99", state: { waiting: { reason: ErrImagePull, message: "dial tcp: i/o timeout" } } } }] }',
  ],
  [
    'a program that ends',
    '{}',
    '{ pods: [{ container: { restartCount: 2, state: { waiting: { reason: CrashLoopBackOff } }, lastState: { terminated: { exitCode: 2 } } } }], logs: { a/current: boom } }',
  ],
])('says whom to blame for %s', (_, expected, state) => {
  const verdict = status(viewOf(state));
  expect(verdict.state).toBe('failed');
  expect({ blame: undefined, ...parse(expected) }).toEqual({
    blame: 'blame' in verdict ? verdict.blame : undefined,
  });
});

it('gives the log and the warnings as details, each once', () => {
  const verdict = status(
    viewOf(`
      pods:
        - container: { restartCount: 2, state: { waiting: { reason: CrashLoopBackOff } }, lastState: { terminated: { exitCode: 2, reason: Error } } }
      logs: { a/current: "panic: boom\\n\\ngoroutine 1 [running]:" }
      events:
        - { reason: BackOff, message: "Back-off restarting failed\\n container", count: 3 }
        - { reason: BackOff, message: "Back-off restarting failed\\n container", count: 3 }
        - { reason: Started, message: Started container web, type: Normal }
    `),
  );
  expect(verdict).toMatchObject({
    details: [
      'log of web-a, container web:',
      '  panic: boom',
      '  ',
      '  goroutine 1 [running]:',
      'events:',
      '  pod web-a: BackOff: Back-off restarting failed container (3 times)',
    ].join('\n'),
    evidence: { namespace: 'web', pod: 'web-a', container: 'web', run: 'current' },
  });
});

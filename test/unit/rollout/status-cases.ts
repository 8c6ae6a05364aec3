/** What the cluster says, and what is made of it; both YAML. See state.ts for the words of the first. */
interface Case {
  is: string;
  state: string;
  verdict: string;
}

const IMAGE = `registry.test/web@sha256:${'a'.repeat(64)}`;

export const GOING_ON: Case[] = [
  {
    is: 'progressing while the change has not been taken up',
    // All is as it was before the change: not live yet.
    state: '{ generation: 3, status: { replicas: 2, updatedReplicas: 2, availableReplicas: 2 } }',
    verdict: '{ state: progressing, ready: 0, wanted: 2 }',
  },
  {
    is: 'progressing with one new pod of two',
    state:
      '{ replicaSet: { readyReplicas: 1 }, status: { replicas: 3, updatedReplicas: 2, availableReplicas: 3 } }',
    verdict: '{ state: progressing, ready: 1, wanted: 2 }',
  },
  {
    is: 'progressing while an old pod is still counted on',
    state:
      '{ replicaSet: { readyReplicas: 2 }, status: { replicas: 3, updatedReplicas: 2, availableReplicas: 3 } }',
    verdict: '{ state: progressing, ready: 2, wanted: 2 }',
  },
  {
    is: 'live when all pods are new and serve',
    state: '{ status: { replicas: 2, updatedReplicas: 2, availableReplicas: 2 } }',
    verdict: '{ state: live }',
  },
  {
    is: 'live although a pod that serves has ended before',
    state: `
      status: { replicas: 2, updatedReplicas: 2, availableReplicas: 2 }
      pods: [{ container: { ready: true, restartCount: 5, state: { running: {} }, lastState: { terminated: { exitCode: 1 } } } }]`,
    verdict: '{ state: live }',
  },
  {
    is: 'superseded by a newer claim, whatever else is the case',
    state: '{ fence: 8, release: 3, status: { replicas: 2, updatedReplicas: 2, availableReplicas: 2 } }',
    verdict: '{ state: superseded, by: 8 }',
  },
  {
    is: 'unknown when another release was written by the same or an older claim',
    state: '{ fence: 6, release: 1 }',
    verdict: '{ state: unknown, reason: "Deployment web/web carries release 1, not 2" }',
  },
];

export const FINAL: Case[] = [
  {
    is: 'failed at once for an image that its registry does not have',
    state: `
      pods: [{ container: { image: "${IMAGE}", state: { waiting: { reason: ErrImagePull, message: 'rpc error: code = NotFound desc = failed to pull and unpack image "${IMAGE}": failed to resolve reference "${IMAGE}": ${IMAGE}: not found' } } } }]`,
    verdict: `{ state: failed, reason: "image ${IMAGE} cannot be pulled: its registry does not have it (${IMAGE}: not found)" }`,
  },
  {
    is: 'failed for a missing image that only the events still tell of',
    state: `
      pods: [{ container: { image: x, state: { waiting: { reason: ImagePullBackOff, message: 'Back-off pulling image "x"' } } } }]
      events:
        - { reason: Failed, message: 'Failed to pull image "x": rpc error: manifest unknown', at: 1 }
        - { reason: Failed, message: 'Error: ErrImagePull', at: 2 }`,
    verdict:
      '{ state: failed, reason: "image x cannot be pulled: its registry does not have it (rpc error: manifest unknown)" }',
  },
  {
    is: 'failed for a registry that refuses, with who has to be let in',
    state: `
      pods: [{ container: { image: x, state: { waiting: { reason: ErrImagePull, message: 'failed to authorize: 403 Forbidden' } } } }]`,
    verdict: `{ state: failed, reason: "image x cannot be pulled: the registry refuses it (failed to authorize: 403 Forbidden); the node's role has to be allowed to pull from there" }`,
  },
  {
    is: 'failed for an image name that is none',
    state: `pods: [{ container: { image: X, state: { waiting: { reason: InvalidImageName, message: couldn't parse image reference } } } }]`,
    verdict: `{ state: failed, reason: "image X cannot be pulled: couldn't parse image reference" }`,
  },
  {
    is: 'failed for a crash loop, with what the program said',
    state: `
      pods: [{ container: { restartCount: 1, state: { waiting: { reason: CrashLoopBackOff } }, lastState: { terminated: { exitCode: 2, startedAt: "2026-11-01T10:00:03Z", finishedAt: "2026-11-01T10:00:04Z" } } } }]
      logs: { a/current: "2026/11/01 starting\\npanic: boom\\n\\ngoroutine 1 [running]:\\nmain.main()\\n\\t/src/main.go:9 +0x1d" }`,
    verdict:
      '{ state: failed, reason: "container web exits with code 2 right after its start: panic: boom" }',
  },
  {
    is: 'failed for a second end, of which the previous log tells once it runs again',
    state: `
      pods: [{ container: { restartCount: 2, state: { running: {} }, lastState: { terminated: { exitCode: 1, startedAt: "2026-11-01T10:00:03Z", finishedAt: "2026-11-01T10:00:15Z" } } } }]
      logs: { a/current: "starting", a/previous: "cannot reach db:5432" }`,
    verdict: `
      state: failed
      reason: "container web exits with code 1 12 s after its start: cannot reach db:5432"
      evidence: { run: previous }`,
  },
  {
    is: 'failed for two ends of an older pod since the rollout began',
    state: `
      pods: [{ created: -9999, container: { restartCount: 4, state: { terminated: { exitCode: 1, finishedAt: "2026-11-01T10:00:05Z" } }, lastState: { terminated: { exitCode: 1, finishedAt: "2026-11-01T10:00:03Z" } } } }]`,
    verdict: '{ state: failed, reason: "container web exits with code 1 right after its start" }',
  },
  {
    is: 'failed for an older pod that the kubelet has to wait with before it starts it again',
    state: `
      pods: [{ created: -9999, container: { restartCount: 4, state: { waiting: { reason: CrashLoopBackOff } }, lastState: { terminated: { exitCode: 1, finishedAt: "2026-11-01T10:00:03Z" } } } }]`,
    verdict: '{ state: failed, reason: "container web exits with code 1 right after its start" }',
  },
  {
    is: 'failed for a program that comes to its end',
    state:
      'pods: [{ container: { restartCount: 1, state: { terminated: { exitCode: 0, reason: Completed } } } }]',
    verdict:
      '{ state: failed, reason: "container web exits with code 0 right after its start (a server has to keep running)" }',
  },
  {
    is: 'failed for a program that a signal ends',
    state:
      'pods: [{ container: { restartCount: 1, state: { terminated: { exitCode: 139, reason: Error } } } }]',
    verdict: '{ state: failed, reason: "container web is ended by SIGSEGV right after its start" }',
  },
  {
    is: 'failed for want of memory, with the limit',
    state: `
      memory: 64Mi
      pods: [{ container: { restartCount: 1, state: { terminated: { exitCode: 137, reason: OOMKilled } } } }]`,
    verdict:
      '{ state: failed, reason: "container web was killed for want of memory (its limit is 64Mi, resources.limits.memory in fairlead.yaml)" }',
  },
  {
    is: 'failed for a Secret that is not there',
    state: `
      pods: [{ container: { state: { waiting: { reason: CreateContainerConfigError, message: 'secret "db" not found' } } } }]
      events: [{ reason: Failed, message: 'Error: secret "db" not found', count: 2 }]`,
    verdict: `{ state: failed, reason: 'container web cannot be started: secret "db" not found' }`,
  },
  {
    is: 'progressing while a Secret was looked for once only: the kubelet may not have heard of it',
    state: `
      pods: [{ container: { state: { waiting: { reason: CreateContainerConfigError, message: "couldn't find key password in Secret web/db" } } } }]
      events: [{ reason: Failed, message: "Error: couldn't find key password in Secret web/db", count: 1 }]`,
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing however often the kubelet could not ask for the Secrets',
    state: `
      pods: [{ container: { state: { waiting: { reason: CreateContainerConfigError, message: 'failed to sync secret cache: timed out waiting for the condition' } } } }]
      events: [{ reason: Failed, message: 'Error: failed to sync secret cache: timed out waiting for the condition', count: 9 }]`,
    verdict: '{ state: progressing }',
  },
  {
    is: 'failed at once for a program that runs as root where that is not allowed',
    state: `pods: [{ container: { state: { waiting: { reason: CreateContainerConfigError, message: 'container has runAsNonRoot and image will run as root' } } } }]`,
    verdict: `{ state: failed, reason: 'container web cannot be started: container has runAsNonRoot and image will run as root' }`,
  },
  {
    is: 'failed for a program that is not in the image',
    state: `
      pods: [{ container: { state: { waiting: { reason: RunContainerError, message: 'failed to create containerd task: runc create failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory: unknown' } } } }]`,
    verdict: `{ state: failed, reason: 'container web cannot be started: exec: "/nope": stat /nope: no such file or directory' }`,
  },
  {
    is: 'failed for an image of another architecture',
    state: `pods: [{ container: { restartCount: 1, state: { waiting: { reason: CrashLoopBackOff } }, lastState: { terminated: { exitCode: 128, reason: StartError, message: 'runc: exec: "/app": exec format error' } } } }]`,
    verdict: `{ state: failed, reason: "container web cannot be started: exec: \\"/app\\": exec format error; the image is for another processor architecture than the node's" }`,
  },
  {
    is: 'failed for a program that does not answer its liveness probe, and not for a signal that nobody knows of',
    state: `
      after: 50
      pods: [{ container: { restartCount: 2, state: { waiting: { reason: CrashLoopBackOff } }, lastState: { terminated: { exitCode: 137, startedAt: 2026-11-01T10:00:10Z, finishedAt: 2026-11-01T10:00:40Z } } } }]
      events:
        - { reason: Unhealthy, message: 'Liveness probe failed: HTTP probe failed with statuscode: 500', at: 35 }
        - { reason: Killing, type: Normal, message: 'Container web failed liveness probe, will be restarted', at: 35 }`,
    verdict:
      '{ state: failed, reason: "container web is killed 30 s after its start because its liveness probe fails (HTTP probe failed with statuscode: 500)" }',
  },
  {
    is: 'failed for an init container that crashes, by its name',
    state: `
      pods: [{ initContainerStatuses: [{ name: migrate, ready: false, restartCount: 2, state: { terminated: { exitCode: 3 } } }], container: { state: { waiting: { reason: PodInitializing } } } }]`,
    verdict: '{ state: failed, reason: "container migrate exits with code 3 right after its start" }',
  },
  {
    is: 'failed for a quota',
    state: `
      replicaSet: { conditions: [{ type: ReplicaFailure, status: "True", reason: FailedCreate, lastTransitionTime: "2026-11-01T10:00:01Z", message: 'pods "web-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2' }] }`,
    verdict:
      '{ state: failed, reason: "the cluster refuses to create pods: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2; an update takes more pods than the app has for a while: raise the quota, or lower replicas or resources.requests" }',
  },
];

export const BORNE: Case[] = [
  {
    is: 'progressing while a registry cannot be reached',
    state: `pods: [{ container: { image: x, state: { waiting: { reason: ErrImagePull, message: 'dial tcp: lookup registry.test: no such host, not found' } } } }]`,
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing after a single end',
    state: 'pods: [{ container: { restartCount: 0, state: { terminated: { exitCode: 1 } } } }]',
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing after a single restart',
    state:
      'pods: [{ container: { restartCount: 1, state: { running: {} }, lastState: { terminated: { exitCode: 1 } } } }]',
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing although a pod of the same template ended often before this rollout',
    state: `
      pods: [{ created: -9999, container: { restartCount: 7, state: { running: {} }, lastState: { terminated: { exitCode: 1, finishedAt: "2026-11-01T09:00:00Z" } } } }]`,
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing although a pod of the same template, which ended often long ago, ends once during this rollout',
    state: `
      pods: [{ created: -9999, container: { restartCount: 4, state: { running: {} }, lastState: { terminated: { exitCode: 1, finishedAt: "2026-11-01T10:00:03Z" } } } }]`,
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing although it is down at the moment',
    state: `
      pods: [{ created: -9999, container: { restartCount: 3, state: { terminated: { exitCode: 1, finishedAt: "2026-11-01T10:00:03Z" } }, lastState: { terminated: { exitCode: 1, finishedAt: "2026-10-01T10:00:00Z" } } } }]`,
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing while no node takes the pod',
    state:
      'pods: [{ conditions: [{ type: PodScheduled, status: "False", reason: Unschedulable, message: 0/1 nodes }] }]',
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing while an admission webhook is down',
    state: `
      replicaSet: { conditions: [{ type: ReplicaFailure, status: "True", lastTransitionTime: "2026-11-01T10:00:01Z", message: 'Internal error occurred: failed calling webhook "x": forbidden' }] }`,
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing although the quota was exceeded by an earlier try of the same template',
    state: `
      replicaSet: { conditions: [{ type: ReplicaFailure, status: "True", lastTransitionTime: "2026-11-01T09:00:00Z", message: 'pods "web-x" is forbidden: exceeded quota: small' }] }`,
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing while a refusal of pods is older than the numbers that are wanted now',
    state: `
      replicaSet: { generation: 4, observedGeneration: 3, conditions: [{ type: ReplicaFailure, status: "True", lastTransitionTime: "2026-11-01T10:00:01Z", message: 'pods "web-x" is forbidden: exceeded quota: small' }] }`,
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing while a refusal of pods is older than the change of the Deployment',
    state: `
      generation: 3
      replicaSet: { conditions: [{ type: ReplicaFailure, status: "True", lastTransitionTime: "2026-11-01T10:00:01Z", message: 'pods "web-x" is forbidden: exceeded quota: small' }] }`,
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing although the deadline of an earlier rollout was exceeded',
    state: 'conditions: { Progressing: { status: "False", reason: ProgressDeadlineExceeded, at: -100 } }',
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing longer than its patience as long as there is progress',
    state:
      '{ after: 90, conditions: { Progressing: { status: "True", reason: ReplicaSetUpdated, at: 45 } } }',
    verdict: '{ state: progressing }',
  },
  {
    is: 'progressing although a pod that is being deleted crashes',
    state:
      'pods: [{ deleting: true, container: { restartCount: 3, state: { waiting: { reason: CrashLoopBackOff } }, lastState: { terminated: { exitCode: 1 } } } }]',
    verdict: '{ state: progressing }',
  },
];

const DEADLINE =
  'conditions: { Progressing: { status: "False", reason: ProgressDeadlineExceeded, at: 60 } }\n';

export const ENDED: Case[] = [
  {
    is: 'failed when patience has ended and nothing listens',
    state: `${DEADLINE}after: 60
pods: [{ container: { state: { running: {} } } }]
events: [{ reason: Unhealthy, message: 'Readiness probe failed: dial tcp 10.0.0.9:8080: connect: connection refused' }]
logs: { a/current: "listening on :3000" }`,
    verdict: `
      state: failed
      reason: "nothing listens on port 8080 of container web (connection refused): it has to listen there on all interfaces, not only on localhost; its log ends: listening on :3000 (0 of 2 pods ready)"
      evidence: { run: current }`,
  },
  {
    is: 'failed when patience has ended and the health check answers no',
    state: `${DEADLINE}after: 60
health: /healthz
replicaSet: { readyReplicas: 1 }
pods: [{ container: { state: { running: {} } } }]
events: [{ reason: Unhealthy, message: 'Readiness probe failed: HTTP probe failed with statuscode: 503' }]`,
    verdict:
      '{ state: failed, reason: "container web does not become ready: GET /healthz on port 8080 answers 503, and has to answer 200 to 399 (1 of 2 pods ready)" }',
  },
  {
    is: 'failed when patience has ended and the health check does not answer',
    state: `${DEADLINE}after: 60
health: /healthz
pods: [{ container: { state: { running: {} } } }]
events: [{ reason: Unhealthy, message: 'Readiness probe failed: Get "http://10.0.0.9:8080/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)' }]`,
    verdict:
      '{ state: failed, reason: "container web does not become ready: GET /healthz on port 8080 does not answer in time (0 of 2 pods ready)" }',
  },
  {
    is: 'failed by our own clock when the cluster does not say that the deadline has passed',
    state: `
      after: 63
      pods: [{ conditions: [{ type: PodScheduled, status: "False", reason: Unschedulable, message: "0/3 nodes are available: 3 Insufficient cpu." }] }]`,
    verdict:
      '{ state: failed, reason: "no node takes the pod: 0/3 nodes are available: 3 Insufficient cpu. (0 of 2 pods ready)" }',
  },
  {
    is: 'failed when a registry stays out of reach',
    state: `${DEADLINE}after: 60
pods: [{ container: { image: x, state: { waiting: { reason: ErrImagePull, message: 'failed to do request: dial tcp 10.0.0.1:443: i/o timeout' } } } }]`,
    verdict:
      '{ state: failed, reason: "image x cannot be pulled: dial tcp 10.0.0.1:443: i/o timeout (0 of 2 pods ready)" }',
  },
  {
    is: 'failed when a volume cannot be mounted',
    state: `${DEADLINE}after: 60
pods: [{ container: { state: { waiting: { reason: ContainerCreating } } } }]
events: [{ reason: FailedMount, message: 'MountVolume.SetUp failed for volume "x"' }]`,
    verdict: `{ state: failed, reason: 'pod web-a cannot be prepared: MountVolume.SetUp failed for volume "x" (0 of 2 pods ready)' }`,
  },
  {
    is: 'unknown when the controller has not taken the change up by then',
    state: '{ after: 63, generation: 3 }',
    verdict: `{ state: unknown, reason: "the cluster's controller has not taken up the change to Deployment web/web" }`,
  },
  {
    is: 'unknown when contact with the node is lost',
    state: `${DEADLINE}after: 60
pods: [{ phase: Running, conditions: [{ type: Ready, status: Unknown, reason: NodeStatusUnknown }], container: { state: { running: {} } } }]`,
    verdict: '{ state: unknown, reason: "the cluster has lost contact with node node1, where its pods are" }',
  },
  {
    is: 'unknown when nothing is told',
    state: `${DEADLINE}after: 60`,
    verdict:
      '{ state: unknown, reason: "0 of 2 pods are ready, and the cluster does not say what the others wait for" }',
  },
  {
    is: 'unknown when somebody has paused the Deployment',
    state: `${DEADLINE}after: 60
paused: true`,
    verdict:
      '{ state: unknown, reason: "0 of 2 pods are ready, and the Deployment is paused (kubectl rollout resume)" }',
  },
];

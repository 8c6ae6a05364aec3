import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Manifests } from '../../../lib/app/types.ts';
import { adopt } from '../../../lib/manifests/adopt.ts';
import { readManifests } from '../../../lib/manifests/read.ts';
import type { KubernetesObject } from '../../../lib/release/types.ts';
import { adapt } from '../../../lib/rollout/adapt.ts';
import { type Files, namesOf, withFiles } from '../../unit/manifests/repository.ts';
import { missing, unpackTools } from './tools.ts';

/** Where a cluster's admin.conf is; see test/contract/rollout/real-cluster.ts. */
const { FAIRLEAD_TEST_CLUSTER: cluster } = process.env;
const kubeconfig = join(cluster ?? '', 'admin.conf');
const namespace = `manifests-${randomBytes(4).toString('hex')}`;

const COMPOSE = `services:
  web:
    build: .
    ports: ["8080:3000", "9000:9000/udp"]
    command: sh -c "echo $$(date)"
    environment: {A: 1.10, B: "x"}
    healthcheck: {test: [CMD, "true"], interval: 3s}
    deploy: {replicas: 2, resources: {limits: {cpus: '0.5', memory: 64m}}}
    user: "1000:1000"
    cap_drop: [ALL]
    cap_add: [NET_BIND_SERVICE]
    read_only: true
    tmpfs: [/tmp:size=8m]
    configs: [{source: conf, target: /etc/app.conf, mode: 0444}]
    secrets: [token]
    volumes: ["./web.conf:/web.conf:ro", /scratch]
    extra_hosts: ["a:10.0.0.1"]
    stop_grace_period: 20s
    depends_on: {migrate: {condition: service_completed_successfully}}
  worker: {build: ., entrypoint: [/worker]}
  migrate: {build: ., command: [migrate]}
  db: {image: "postgres:17", volumes: ["data:/var/lib/postgresql/data"], shm_size: 64m}
configs: {conf: {content: "a=b"}}
secrets: {token: {external: true}}
volumes: {data: {x-fairlead: {size: 2Gi}}}
`;

const FOLDER = `apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
subjects: [{kind: ServiceAccount, name: web, namespace: default}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {a: b}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: main, image: IMAGE, volumeMounts: [{name: files, mountPath: /files}]}
      volumes: [{name: files, configMap: {name: web, defaultMode: 0440}}]
  volumeClaimTemplates:
  - {metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: pre-upgrade}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: IMAGE}]}}}
`;

const CASES: [string, Manifests, Files][] = [
  ['a folder of YAML', 'k8s', { 'k8s/all.yaml': FOLDER }],
  [
    'a kustomization',
    { kustomize: 'k' },
    {
      'k/kustomization.yaml':
        'resources: [all.yaml]\nnamePrefix: p-\nlabels: [{pairs: {team: a}, includeSelectors: true}]\n',
      'k/all.yaml': FOLDER,
    },
  ],
  [
    'a chart whose pods have names of their own',
    { helm: { chart: 'chart', set: { image: 'IMAGE' } } },
    {
      'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
      'chart/templates/all.yaml': FOLDER.replaceAll('IMAGE', '{{ .Values.image }}').replaceAll(
        '{app: web}',
        '{app.kubernetes.io/name: web, app.kubernetes.io/instance: {{ .Release.Name }}, app.kubernetes.io/managed-by: Helm}',
      ),
    },
  ],
  ['a compose file', { compose: 'compose.yaml' }, { 'compose.yaml': COMPOSE, 'web.conf': 'x' }],
];

describe.skipIf(cluster === undefined || missing !== undefined)(
  'a real cluster (skipped without FAIRLEAD_TEST_CLUSTER, the folder of one)',
  () => {
    let unpacked: Awaited<ReturnType<typeof unpackTools>>;
    const kubectl = (words: string[], input?: string) =>
      execFileSync('kubectl', ['--kubeconfig', kubeconfig, ...words], {
        encoding: 'utf8',
        ...(input && { input }),
      });

    beforeAll(async () => {
      unpacked = await unpackTools();
      kubectl(['create', 'namespace', namespace]);
    });
    afterAll(async () => {
      kubectl(['delete', 'namespace', namespace, '--wait=false']);
      await unpacked.close();
    });

    /** Asks the cluster whether it would take the objects, one by one. */
    const rehearse = (objects: readonly KubernetesObject[]) => {
      for (const object of objects) {
        const adapted = adapt(object, { minor: 20, apiVersion: object.apiVersion });
        const words = ['apply', '--server-side', '--dry-run=server', '--field-manager=fairlead', '-f', '-'];
        kubectl(words, JSON.stringify(adapted));
      }
    };

    test.each(CASES)(
      'takes all that is made of %s',
      async (_, said, files) => {
        const reader = { app: 'shop', namespace, tools: unpacked.tools };
        const read = await withFiles(files, (directory) => readManifests(directory, said, reader));
        const { own, ownJobs } = adopt(read.objects, {
          app: 'shop',
          environment: { name: 'production', namespace },
          image: `registry.test/shop@sha256:${'a'.repeat(64)}`,
          architecture: 'amd64',
          service: 'NodePort',
          loadBalancers: 'internal',
          patience: 60,
          commit: 'c'.repeat(40),
          number: 3,
        });
        expect(namesOf(ownJobs)).toEqual([expect.stringMatching(/^Job (p-)?migrate-3$/)]);
        expect(() => rehearse([...ownJobs, ...own])).not.toThrow();
      },
      120_000,
    );
  },
);

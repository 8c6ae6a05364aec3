import { decideApp } from '../../../lib/app/decide.ts';
import { type Rendering, render } from '../../../lib/release/render.ts';
import type { KubernetesObject, Release } from '../../../lib/release/types.ts';

export const IMAGE = `registry.test/fairlead/web@sha256:${'a'.repeat(64)}`;
export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** Everything that can be said, at once. */
export const FULL = `
replicas: 3
scale: { min: 3, max: 9, cpu: 60, memory: 75 }
env: { COLOR: red }
health: /healthz
liveness: tcp
resources: { requests: { cpu: 50m, memory: 32Mi }, limits: { memory: 64Mi } }
service: { type: NodePort, port: 8080, annotations: { b: "2", a: "1" } }
user: 65532
security: restricted
secrets:
  DATABASE_URL: { secretsManager: shop/database, key: url }
  LICENSE: { secretsManager: shop/license }
  TOKEN: { kubernetes: tokens, key: token }
config:
  /etc/shop/settings.json: '{"currency": "EUR"}'
  /etc/shop.d/10-first: first
ingress: { host: "{environment}.shop.example.com", class: alb, tls: true, annotations: { z: "1", y: "2" } }
serviceAccount: { annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/shop" } }
processes:
  worker: { command: [/app, work], replicas: 2, liveness: { command: [/app, alive] }, env: { QUEUE: slow } }
  admin: { port: 9000, replicas: 1 }
jobs:
  migrate: { command: [/app, migrate], timeout: 5m, retries: 1 }
  seed: { command: [/app, seed] }
cron:
  report: { schedule: "0 3 * * *", command: [/app, report], timeZone: Europe/Berlin }
  clean: { schedule: "@hourly", args: [clean], concurrency: allow, retries: 2, timeout: 90s }
patience: 2m
bake: { seconds: 1m, alarms: [errors] }
`;

export const VERSIONS = { 'shop/database': 'v1', 'shop/license': 'v7' };

export function make(file = '', more: Partial<Rendering> = {}, user?: string): Release {
  const environment = more.environment ?? { name: 'production', namespace: 'shop' };
  const app = decideApp({
    name: 'web',
    file,
    environment: environment.name,
    image: { exposedPorts: [8080], ...(user !== undefined && { user }) },
    defaults: { service: 'ClusterIP' },
  });
  return render({
    app,
    image: IMAGE,
    environment,
    commit: COMMIT,
    number: 3,
    createdAt: new Date('2026-11-01T10:00:00Z'),
    secretVersions: VERSIONS,
    ...more,
  });
}

// biome-ignore lint/suspicious/noExplicitAny: objects of any kind, as deep as they are wide; assertions say what is meant
export type Any = any;

/** The one object of a kind, or of a kind and name. */
export function one(resources: readonly KubernetesObject[], kind: string, name?: string): Any {
  const found = resources.filter(
    (each) => each.kind === kind && (name === undefined || each.metadata.name === name),
  );
  if (found.length !== 1) throw new Error(`${found.length} of ${kind} ${name ?? ''}`);
  return found[0];
}

export function podTemplates(resources: readonly KubernetesObject[]): Any[] {
  return resources.flatMap(({ kind, spec }: Any) => {
    if (kind === 'Deployment' || kind === 'Job') return [spec.template];
    return kind === 'CronJob' ? [spec.jobTemplate.spec.template] : [];
  });
}

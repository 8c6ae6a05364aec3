import { checkName } from '../app/name.ts';
import type { App } from '../app/types.ts';
import { deploymentSpec, PORT_NAME } from './deployment.ts';
import { COMMIT, identity, RELEASE, version } from './labels.ts';
import type { Bake, KubernetesObject, Release } from './types.ts';

/** What a release is rendered from. */
export interface Rendering {
  app: App;
  /** `HOST/PATH@sha256:…` */
  image: string;
  environment: { name: string; namespace: string };
  commit: string;
  number: number;
  createdAt: Date;
}

const NO_BAKE: Bake = { seconds: 0, alarms: [], checks: [], restarts: 0, unknown: 'keep', watchFor: 0 };

/** The port of an app's Service; the port that its program listens on is its own business. */
const SERVICE_PORT = 80;

/**
 * The release of `image` for an environment: the same input gives the same bytes.
 * @throws FairleadError `app/bad-name`
 */
export function render({ app, image, environment, commit, number, createdAt }: Rendering): Release {
  checkName('app', app.name);
  checkName('namespace', environment.namespace);
  const { namespace } = environment;
  const ids = identity(app.name, environment.name);
  const metadata = {
    name: app.name,
    namespace,
    labels: { ...ids, ...version(commit) },
    annotations: { [RELEASE]: String(number), [COMMIT]: commit },
  };
  return {
    number,
    app: app.name,
    environment: environment.name,
    namespace,
    commit,
    image,
    port: app.port,
    jobs: [],
    strategy: { kind: 'rolling' },
    bake: NO_BAKE,
    resources: [
      namespaceObject(namespace, metadata),
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
      service(app, metadata, ids),
      ...(app.replicas > 1 ? [disruptionBudget(metadata, ids)] : []),
      // Last: everything that its pods need is there before they start.
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: deploymentSpec(app, image, ids) },
    ],
    createdAt: createdAt.toISOString(),
  };
}

type Metadata = KubernetesObject['metadata'];

function namespaceObject(name: string, { labels, annotations }: Metadata): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, annotations } };
}

function service({ service: type }: App, metadata: Metadata, selector: Record<string, string>) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: {
      type,
      selector,
      ports: [{ name: PORT_NAME, port: SERVICE_PORT, targetPort: PORT_NAME, protocol: 'TCP' }],
    },
  };
}

/** Draining nodes takes one pod at a time. policy/v1 came with Kubernetes 1.21; see lib/rollout/adapt.ts for older ones. */
function disruptionBudget(metadata: Metadata, matchLabels: Record<string, string>): KubernetesObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata,
    spec: { maxUnavailable: 1, selector: { matchLabels } },
  };
}

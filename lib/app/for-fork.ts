import { FairleadError } from '../errors.ts';
import type { App, Process } from './types.ts';

/** The one capability that the Pod Security Standard `restricted` lets a container keep. */
const HARMLESS = 'NET_BIND_SERVICE';

/**
 * The app as a stranger's commit may run it, whatever its `fairlead.yaml` says: without secrets, without the rights of
 * an AWS role, locked in, and reached by an address that nobody else has. Somebody of the repository has read the
 * commit; what they have overlooked must not reach further than its own pods.
 * @throws FairleadError `app/fork-manifests`
 */
export function forFork(app: App): App {
  if (app.processes.length === 0)
    throw new FairleadError({
      code: 'app/fork-manifests',
      operation: 'rendering the preview of a fork',
      place: 'fairlead.yaml: manifests',
      cause: 'manifests of a fork are not applied: they may name anything in the cluster',
      remedy: 'push the commit to a branch of the repository to preview it',
    });
  const { ingress: _, ...rest } = app;
  return {
    ...rest,
    secrets: {},
    serviceAccount: { annotations: {} },
    security: { ...app.security, standard: 'restricted' },
    processes: app.processes.map(plain),
  };
}

/**
 * An annotation of a Service can take a host name that is somebody else's, or open a load balancer to anybody: from where
 * those are reached is left to the installation's word.
 */
function plain(process: Process): Process {
  const { class: _, ...service } = process.service;
  return {
    ...process,
    service: { ...service, annotations: {} },
    capabilities: process.capabilities.filter((capability) => capability === HARMLESS),
  };
}

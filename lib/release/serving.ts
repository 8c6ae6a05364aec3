import { isDeepStrictEqual } from 'node:util';
import { WEB } from '../app/name.ts';
import { PROCESS, TRACK } from './labels.ts';
import type { KubernetesObject, Origin, Release, Track } from './types.ts';

interface PodTemplated {
  replicas?: number;
  selector?: { matchLabels?: Record<string, string> };
}

/** What of a release takes its app's requests, where Fairlead rendered it. */
export interface Serving {
  track: Exclude<Track, 'canary'>;
  service: KubernetesObject;
  deployment: KubernetesObject;
}

/** The Service of the app, and the Deployment that it sends requests to. */
export function servingOf({ app, resources }: Release): Serving | undefined {
  const service = resources.find(({ kind, metadata: { name } }) => kind === 'Service' && name === app);
  const track = service === undefined ? undefined : selectorOf(service)[TRACK];
  if (service === undefined || !isTrack(track)) return undefined;
  const deployment = resources.find((one) => {
    const labels = (one.spec as PodTemplated | undefined)?.selector?.matchLabels;
    return one.kind === 'Deployment' && labels?.[PROCESS] === WEB && labels[TRACK] === track;
  });
  return deployment && { track, service, deployment };
}

/** What a release finds where `live` serves. Undefined where nobody's requests are at stake. */
export function originOf(live: Release): Origin | undefined {
  if (!live.resources.some(({ kind }) => kind === 'Service')) return undefined;
  const serving = servingOf(live);
  if (serving === undefined) return { track: 'other' };
  const { track, deployment } = serving;
  const { replicas = 1 } = deployment.spec as PodTemplated;
  return { track, deployment: deployment.metadata.name, replicas };
}

/**
 * What a release of `resources` finds where `live` serves. Of the user's own manifests it matters only whether a Service
 * goes over to other pods: which ones are new is not known.
 */
export function originFor(
  resources: readonly KubernetesObject[],
  live: Release,
  isRendered: boolean,
): Origin | undefined {
  const services = resources.filter(({ kind }) => kind === 'Service');
  if (isRendered) return services.length > 0 ? originOf(live) : undefined;
  const goesOver = services.some((service) => {
    const before = live.resources.find(
      ({ kind, metadata: { name } }) => kind === 'Service' && name === service.metadata.name,
    );
    return before !== undefined && !isDeepStrictEqual(selectorOf(before), selectorOf(service));
  });
  return goesOver ? { track: 'other' } : undefined;
}

/** The labels by which a Service finds its pods. */
export function selectorOf({ spec }: KubernetesObject): Record<string, string> {
  return (spec as { selector?: Record<string, string> } | undefined)?.selector ?? {};
}

function isTrack(track: string | undefined): track is Serving['track'] {
  return track === 'stable' || track === 'blue' || track === 'green';
}

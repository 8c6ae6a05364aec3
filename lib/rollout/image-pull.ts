import type { Pod } from '../kube/wire.ts';
import { type ContainerStatus, containersOf } from './containers.ts';
import type { Finding } from './verdict.ts';
import { eventsOf, type Facts } from './view.ts';

const PULLING = new Set(['ErrImagePull', 'ImagePullBackOff', 'ImageInspectError', 'RegistryUnavailable']);
const STARTING = new Set(['ContainerCreating', 'PodInitializing']);
const NEVER = new Set(['InvalidImageName', 'ErrImageNeverPull']);

// Asked first: an unreachable registry's error may hold words of the other two.
const PASSING =
  /dial tcp|i\/o timeout|connection (refused|reset)|no such host|TLS handshake|deadline exceeded|\bEOF\b|server misbehaving|too ?many ?requests|\b(429|50[0-4])\b/i;
const MISSING =
  /not found|manifest unknown|name unknown|does not exist|no match for platform|no matching manifest/i;
const DENIED = /unauthorized|denied|forbidden|no basic auth|authorization failed|\b(401|403)\b/i;

/** Images of a pod that cannot be pulled. */
export function imageFindings(facts: Facts, pod: Pod): Finding[] {
  return containersOf(pod).flatMap((container) => imageFinding(facts, pod, container) ?? []);
}

function imageFinding(facts: Facts, pod: Pod, { image, state }: ContainerStatus): Finding | undefined {
  const { reason = '', message = '' } = state?.waiting ?? {};
  const what = `image ${image} cannot be pulled`;
  if (NEVER.has(reason))
    return { weight: 'final', reason: `${what}: ${message || reason}`, ...blameFor(facts, image) };
  const told = failedPull(facts, pod, image);
  // Events are quicker than the status of a pod.
  const isPulling = PULLING.has(reason) || (STARTING.has(reason) && told !== undefined);
  if (!isPulling) return undefined;
  // While the kubelet backs off, the container says no more than that; the events still know why.
  const cause =
    PULLING.has(reason) && message !== '' && !message.startsWith('Back-off') ? message : (told ?? message);
  const why = shortened(cause);
  if (PASSING.test(cause)) return { weight: 'bearable', reason: `${what}: ${why}`, blame: 'elsewhere' };
  if (MISSING.test(cause)) {
    // Docker Hub says both at once: "does not exist or may require authorization". Then nobody knows which.
    const blame = DENIED.test(cause) ? ELSEWHERE : blameFor(facts, image);
    return { weight: 'final', reason: `${what}: its registry does not have it (${why})`, ...blame };
  }
  if (DENIED.test(cause))
    return {
      weight: 'final',
      reason: `${what}: the registry refuses it (${why}); the node's role has to be allowed to pull from there`,
      blame: 'elsewhere',
    };
  return { weight: 'bearable', reason: `${what}: ${why || reason}`, blame: 'elsewhere' };
}

const ELSEWHERE: Pick<Finding, 'blame'> = { blame: 'elsewhere' };

/** What was published is there: it is the way to it that is not. Any other image the commit itself has named. */
function blameFor({ release }: Facts, image: string): Pick<Finding, 'blame'> {
  const digest = /@sha256:[0-9a-f]{64}$/.exec(release.image)?.[0];
  const isPublished = image === release.image || (digest !== undefined && image.endsWith(digest));
  return isPublished ? ELSEWHERE : {};
}

/** Why an image could not be pulled, by the events, unless it has been pulled since. */
function failedPull(facts: Facts, pod: Pod, image: string): string | undefined {
  const last = eventsOf(facts, pod.metadata?.uid).findLast(
    ({ reason, message = '' }) =>
      message.includes(`"${image}"`) && (reason === 'Pulled' || message.startsWith('Failed to pull image')),
  );
  return last?.reason === 'Pulled' ? undefined : last?.message;
}

/** The end of a chain of wrapped errors, where its cause is. */
function shortened(message: string): string {
  const line = message.split('\n')[0] ?? '';
  const parts = line.split(/: (?=[^"]*(?:"[^"]*"[^"]*)*$)/);
  return parts.slice(-2).join(': ').slice(-200);
}

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

/** Images of a pod that cannot be pulled. What was published is there: it is the way to it that is not. */
export function imageFindings(facts: Facts, pod: Pod): Finding[] {
  const found = containersOf(pod).flatMap((container) => imageFinding(facts, pod, container) ?? []);
  return found.map((finding) => ({ ...finding, blame: 'elsewhere' }));
}

function imageFinding(facts: Facts, pod: Pod, { image, state }: ContainerStatus): Finding | undefined {
  const { reason = '', message = '' } = state?.waiting ?? {};
  if (NEVER.has(reason))
    return { weight: 'final', reason: `image ${image} cannot be pulled: ${message || reason}` };
  const told = failedPull(facts, pod, image);
  // Events are quicker than the status of a pod.
  const isPulling = PULLING.has(reason) || (STARTING.has(reason) && told !== undefined);
  if (!isPulling) return undefined;
  // While the kubelet backs off, the container says no more than that; the events still know why.
  const cause =
    PULLING.has(reason) && message !== '' && !message.startsWith('Back-off') ? message : (told ?? message);
  const what = `image ${image} cannot be pulled`;
  if (PASSING.test(cause)) return { weight: 'bearable', reason: `${what}: ${shortened(cause)}` };
  if (MISSING.test(cause))
    return { weight: 'final', reason: `${what}: its registry does not have it (${shortened(cause)})` };
  if (DENIED.test(cause))
    return {
      weight: 'final',
      reason: `${what}: the registry refuses it (${shortened(cause)}); the node's role has to be allowed to pull from there`,
    };
  return { weight: 'bearable', reason: `${what}: ${shortened(cause) || reason}` };
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

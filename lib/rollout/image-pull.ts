import type { Pod } from '../kube/wire.ts';
import { type ContainerStatus, containersOf } from './containers.ts';
import type { Finding } from './verdict.ts';
import { type Facts, warningsOf } from './view.ts';

const PULLING = new Set(['ErrImagePull', 'ImagePullBackOff', 'ImageInspectError', 'RegistryUnavailable']);
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
  if (!PULLING.has(reason)) return undefined;
  const cause = pullError(facts, pod, message);
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

// While the kubelet backs off, the container says no more than that; the events still know why.
function pullError(facts: Facts, pod: Pod, message: string): string {
  if (message !== '' && !message.startsWith('Back-off')) return message;
  const failed = warningsOf(facts, pod.metadata?.uid).findLast((event) =>
    event.message?.startsWith('Failed to pull image'),
  );
  return failed?.message ?? message;
}

/** The end of a chain of wrapped errors, where its cause is. */
function shortened(message: string): string {
  const line = message.split('\n')[0] ?? '';
  const parts = line.split(/: (?=[^"]*(?:"[^"]*"[^"]*)*$)/);
  return parts.slice(-2).join(': ').slice(-200);
}

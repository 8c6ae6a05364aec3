import type { LoadBalancerScheme } from '../load-balancer-scheme.ts';

/**
 * By which EKS Auto Mode and the AWS Load Balancer Controller make a Network Load Balancer that is reached from the
 * internet, or none but the VPC reaches. Without it the VPC alone does (Amazon EKS User Guide, "Use Service Annotations to
 * configure Network Load Balancers"; AWS Load Balancer Controller, "Network Load Balancer", secure by default).
 */
const SCHEME = 'service.beta.kubernetes.io/aws-load-balancer-scheme';

/** What was said before there was {@link SCHEME}, over which that wins: whoever says it still has meant it. */
const INTERNAL = 'service.beta.kubernetes.io/aws-load-balancer-internal';

/** The annotations of a Service of type LoadBalancer, with the installation's `scheme` where `said` has no word of it. */
export function withScheme(
  said: Readonly<Record<string, string>>,
  scheme: LoadBalancerScheme | undefined,
): Record<string, string> {
  const isSaid = Object.hasOwn(said, SCHEME) || Object.hasOwn(said, INTERNAL);
  return { ...said, ...(scheme !== undefined && !isSaid && { [SCHEME]: scheme }) };
}

/** From where load balancers are reached, in AWS's words: from everywhere, or from their VPC alone. */
export const LOAD_BALANCER_SCHEMES = ['internet-facing', 'internal'] as const;

export type LoadBalancerScheme = (typeof LOAD_BALANCER_SCHEMES)[number];

import type { KubernetesObject, Release } from './types.ts';

/** Addresses that are no stranger's business: private ones, carrier-grade ones, and those of the machine and its cloud. */
const INSIDE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'];
const INSIDE_V6 = ['fc00::/7', 'fe80::/10'];

/**
 * `release` with walls around its namespace: pods reach each other, names and the internet, not what else runs in the
 * cluster nor the metadata of its machines (Kubernetes, "Network Policies"). For previews of forks.
 */
export function isolate(release: Release): Release {
  return {
    ...release,
    resources: release.resources.flatMap((one) =>
      one.kind === 'Namespace' ? [one, networkPolicy(one, release)] : [one],
    ),
  };
}

function networkPolicy({ metadata }: KubernetesObject, { namespace }: Release): KubernetesObject {
  const dns = [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ];
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { ...metadata, name: 'fairlead-fork', namespace },
    spec: {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [
        { ports: dns },
        { to: [{ podSelector: {} }] },
        {
          to: [
            { ipBlock: { cidr: '0.0.0.0/0', except: INSIDE } },
            { ipBlock: { cidr: '::/0', except: INSIDE_V6 } },
          ],
        },
      ],
    },
  };
}

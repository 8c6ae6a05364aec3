import type { LoadBalancerScheme } from '../load-balancer-scheme.ts';
import type { Kube } from './client.ts';
import type { LiveObject, WrittenObject } from './wire.ts';

const LABELS = { 'app.kubernetes.io/managed-by': 'fairlead' };
const CLASSES = '/apis/networking.k8s.io/v1/ingressclasses';

/**
 * The class `alb`, by which Auto Mode makes an Application Load Balancer of each Ingress that names no other: it has the
 * controller, and no class of its own (Amazon EKS User Guide, "Create an IngressClass to configure an Application Load
 * Balancer"). What the class says wins over annotations of an Ingress. Pure.
 */
export function albClass(scheme: LoadBalancerScheme): WrittenObject[] {
  const kind = 'IngressClassParams';
  const params = {
    apiVersion: 'eks.amazonaws.com/v1',
    kind,
    metadata: { name: 'alb', labels: LABELS },
    spec: { scheme },
  };
  const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
  const ingressClass = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'alb', labels: LABELS, annotations },
    spec: {
      controller: 'eks.amazonaws.com/alb',
      parameters: { apiGroup: 'eks.amazonaws.com', kind, name: 'alb' },
    },
  };
  return [params, ingressClass];
}

/**
 * Whether somebody has chosen how Ingresses are served: then a class of ours would be a second default, or would make
 * load balancers public that were not.
 */
export async function hasOthersClass(kube: Kube): Promise<boolean> {
  const { items = [] } = await kube.get<{ items?: LiveObject[] }>(CLASSES);
  return items.some(({ metadata }) => metadata?.labels?.['app.kubernetes.io/managed-by'] !== 'fairlead');
}

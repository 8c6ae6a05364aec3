import type { Ingress, Process } from '../app/types.ts';
import { type Context, metadataOf, sorted } from './context.ts';
import { PROCESS, processLabels } from './labels.ts';
import { withScheme } from './load-balancer.ts';
import { processName } from './names.ts';
import { PORT_NAME } from './pod.ts';
import type { KubernetesObject, Track } from './types.ts';

/** The Service of a process that takes requests. */
export function service(context: Context, process: Process, track: Track): KubernetesObject {
  const { name, service: said } = process;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(context, processName(context.app.name, name), {
      labels: { [PROCESS]: name },
      annotations: withScheme(said.annotations, said.scheme),
    }),
    spec: {
      type: said.type,
      ...(said.class !== undefined && { loadBalancerClass: said.class }),
      selector: processLabels(context.ids, name, track),
      ports: [{ name: PORT_NAME, port: said.port, targetPort: PORT_NAME, protocol: 'TCP' }],
    },
  };
}

/** How requests from outside come to the Service of the app's name, at `port`. */
export function ingressObject(context: Context, ingress: Ingress, port: number): KubernetesObject {
  const { name } = context.app;
  const { host, path, class: ingressClassName, tls, annotations } = ingress;
  const backend = { service: { name, port: { number: port } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadataOf(context, name, { annotations: sorted(annotations) }),
    spec: {
      ...(ingressClassName !== undefined && { ingressClassName }),
      ...(tls !== undefined && { tls: [{ ...(host !== undefined && { hosts: [host] }), secretName: tls }] }),
      rules: [
        { ...(host !== undefined && { host }), http: { paths: [{ path, pathType: 'Prefix', backend }] } },
      ],
    },
  };
}

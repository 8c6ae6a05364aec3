import { planEndpoints } from '../controllers/endpoints/plan.ts';
import type { Pod, Service } from '../controllers/types.ts';
import type { WatchEvent } from '../store/history.ts';
import type { Store } from '../store.ts';
import type { Backend } from './balance.ts';
import { type Dial, PortProxy } from './port-proxy.ts';

/**
 * Listens on 127.0.0.1 at every node port of the Services of type NodePort and LoadBalancer, and spreads connections
 * over their ready pods. Other Services are not reachable from outside, as in a cluster.
 * @returns how to stop it
 */
export function startServiceProxy(store: Store, dial: Dial): () => void {
  const ports = new Map<number, PortProxy>();
  let isDue = false;
  const update = () => {
    isDue = false;
    const wanted = nodePorts(store);
    for (const [port, proxy] of ports)
      if (!wanted.has(port)) {
        ports.delete(port);
        proxy.close();
      }
    for (const [port, { service, backends }] of wanted) {
      const proxy = ports.get(port) ?? open(store, service, port, dial);
      ports.set(port, proxy);
      proxy.backends = backends;
    }
  };
  // Straight from the pods, so that a terminating one is out in the same turn in which its kubelet hears of it.
  const listener = (_event: WatchEvent) => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(update);
  };
  const since = store.resourceVersion;
  update();
  const stops = ['Service', 'Pod'].map((kind) => store.watch(kind, since, listener));
  return () => {
    for (const stop of stops) stop();
    for (const proxy of ports.values()) proxy.close();
    ports.clear();
  };
}

function nodePorts(store: Store): Map<number, { service: Service; backends: Backend[] }> {
  const wanted = new Map<number, { service: Service; backends: Backend[] }>();
  for (const service of store.list<Service>('Service').items) {
    const { type, ports = [] } = service.spec;
    if (type !== 'NodePort' && type !== 'LoadBalancer') continue;
    for (const { nodePort, protocol = 'TCP' } of ports)
      if (nodePort !== undefined && protocol === 'TCP') wanted.set(nodePort, { service, backends: [] });
    const { namespace = 'default' } = service.metadata;
    for (const { port, targetPort, ready } of planEndpoints(
      service,
      store.list<Pod>('Pod', { namespace }).items,
    ))
      wanted
        .get(port.nodePort ?? 0)
        ?.backends.push(...ready.map(({ status }) => ({ podIP: status?.podIP ?? '', port: targetPort })));
  }
  return wanted;
}

function open(store: Store, service: Service, port: number, dial: Dial): PortProxy {
  return new PortProxy(port, dial, (error) => {
    const message = `node port ${port} cannot be listened on: ${error.message}`;
    store.recordEvent(service, 'Warning', 'PortNotListening', message, 'kube-proxy');
  });
}

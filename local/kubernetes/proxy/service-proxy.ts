import { planEndpoints } from '../controllers/endpoints/plan.ts';
import type { Pod, Service } from '../controllers/types.ts';
import type { WatchEvent } from '../store/history.ts';
import type { Store } from '../store.ts';
import type { Backend } from './balance.ts';
import { type Dial, PortProxy } from './port-proxy.ts';

/**
 * Listens on 127.0.0.1 at every node port of the Services of type NodePort and LoadBalancer, and spreads connections
 * over their ready pods. Other Services are not reachable from outside, as in a cluster.
 * @param lagMs how long it takes to hear of pods; a proxy that hears late passes what it gets to one pod and no other, as a
 *   cluster's does
 * @returns how to stop it
 */
export function startServiceProxy(store: Store, dial: Dial, lagMs = 0): () => void {
  const ports = new Map<number, PortProxy>();
  let isDue = false;
  const timers = new Set<NodeJS.Timeout>();
  const heard = () => {
    isDue = false;
    const wanted = nodePorts(store);
    if (lagMs === 0) return update(wanted);
    const timer = setTimeout(() => {
      timers.delete(timer);
      update(wanted);
    }, lagMs);
    timers.add(timer);
  };
  const update = (wanted: NodePorts) => {
    for (const [port, proxy] of ports)
      if (!wanted.has(port)) {
        ports.delete(port);
        proxy.close();
      }
    for (const [port, { service, backends }] of wanted) {
      const proxy = ports.get(port) ?? open(store, service, port, dial, lagMs === 0 ? 'all' : 'one');
      ports.set(port, proxy);
      proxy.backends = backends;
    }
  };
  // Straight from the pods, so that a terminating one is out in the same turn in which its kubelet hears of it.
  const listener = (_event: WatchEvent) => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(heard);
  };
  const since = store.resourceVersion;
  update(nodePorts(store));
  const stops = ['Service', 'Pod'].map((kind) => store.watch(kind, since, listener));
  return () => {
    for (const stop of stops) stop();
    for (const timer of timers) clearTimeout(timer);
    for (const proxy of ports.values()) proxy.close();
    ports.clear();
  };
}

type NodePorts = Map<number, { service: Service; backends: Backend[] }>;

function nodePorts(store: Store): NodePorts {
  const wanted: NodePorts = new Map();
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

function open(store: Store, service: Service, port: number, dial: Dial, tries: 'all' | 'one'): PortProxy {
  const failed = (error: Error) => {
    const message = `node port ${port} cannot be listened on: ${error.message}`;
    store.recordEvent(service, 'Warning', 'PortNotListening', message, 'kube-proxy');
  };
  return new PortProxy(port, dial, failed, tries);
}

/** A port of a service's containers. */
export interface Port {
  target: number;
  /** What it is reached by from outside of the file's services; absent where it is not. */
  published?: number;
  protocol: 'TCP' | 'UDP' | 'SCTP';
}

/** Ports that one range may have. */
const LONGEST_RANGE = 32;

const SHORT = /^(?:(?:(\[[^\]]*\]|[^:]*):)?(\d*(?:-\d+)?):)?(\d+(?:-\d+)?)(?:\/(\w+))?$/;

/**
 * The ports of `ports: ["127.0.0.1:8080:80/tcp"]` (Compose Specification, "ports", short syntax); undefined where it
 * cannot be read.
 */
export function portsOf(text: string): Port[] | undefined {
  const [all, , published = '', target = '', named = 'tcp'] = SHORT.exec(text) ?? [];
  const protocol = protocolOf(named);
  const targets = rangeOf(target);
  if (all === undefined || protocol === undefined || targets === undefined) return undefined;
  const outside = published === '' ? targets : rangeOf(published);
  if (outside === undefined || outside.length !== targets.length) return undefined;
  return targets.map((each, index) => ({ target: each, published: outside[index] ?? each, protocol }));
}

/** The ports of `expose: ["3000-3003/tcp"]`. */
export function exposedPorts(text: string): Port[] | undefined {
  const [range = '', named = 'tcp'] = text.split('/');
  const protocol = protocolOf(named);
  const targets = rangeOf(range);
  if (protocol === undefined || targets === undefined) return undefined;
  return targets.map((target) => ({ target, protocol }));
}

export function protocolOf(name: string): Port['protocol'] | undefined {
  const upper = name.toUpperCase();
  return upper === 'TCP' || upper === 'UDP' || upper === 'SCTP' ? upper : undefined;
}

function rangeOf(text: string): number[] | undefined {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === undefined || from < 1 || to > 65535 || to < from || to - from >= LONGEST_RANGE)
    return undefined;
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

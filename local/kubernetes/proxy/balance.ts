/** Where a connection may go. */
export interface Backend {
  podIP: string;
  port: number;
}

/** The backends of a port in the order in which a new connection tries them: least busy first, then in turn. */
export function order(
  backends: readonly Backend[],
  busy: ReadonlyMap<string, number>,
  turn: number,
): Backend[] {
  const load = (backend: Backend) => busy.get(nameOf(backend)) ?? 0;
  return backends
    .map((backend, index) => ({
      backend,
      place: (index + backends.length - (turn % (backends.length || 1))) % backends.length,
    }))
    .sort((a, b) => load(a.backend) - load(b.backend) || a.place - b.place)
    .map(({ backend }) => backend);
}

export function nameOf({ podIP, port }: Backend): string {
  return `${podIP}:${port}`;
}

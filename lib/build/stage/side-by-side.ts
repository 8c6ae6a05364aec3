/** Work that begins when what it needs is done. */
interface Task<K> {
  id: K;
  /** The ids of tasks before this one; others count as done. */
  needs: Iterable<K>;
  run: () => Promise<void>;
}

/**
 * Does all tasks, each of which comes after those that it needs: side by side as far as their needs allow. When one
 * fails, the signal that they were made with aborts, on which the others have to end; they are waited for. What is
 * thrown is that first failure, and not what the abort made of the others. Throws the reason of `signal` when that aborts.
 */
export async function sideBySide<K>(
  tasksFor: (signal: AbortSignal) => readonly Task<K>[],
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const stop = new AbortController();
  const failures: unknown[] = [];
  const fail = (error: unknown) => {
    failures.push(error);
    stop.abort(error);
  };
  const leave = () => fail(signal?.reason);
  signal?.addEventListener('abort', leave, { once: true });
  const running = new Map<K, Promise<void>>();
  for (const { id, needs, run } of tasksFor(stop.signal)) {
    const before = [...needs].map((need) => running.get(need));
    const task = Promise.all(before).then(async () => {
      if (stop.signal.aborted) return;
      await run().catch(fail);
    });
    running.set(id, task);
  }
  try {
    await Promise.all(running.values());
  } finally {
    signal?.removeEventListener('abort', leave);
  }
  if (failures.length > 0) throw failures[0];
}

import { readdirSync, readFileSync } from 'node:fs';

/** ms between two looks. */
const INTERVAL = 40;
const PAGE = 4096;

/**
 * The most resident memory that processes and all their descendants had at one time, in bytes: the sum over them, in
 * which what they share counts once for each.
 */
export class PeakMemory {
  readonly #roots: readonly number[];
  readonly #timer: NodeJS.Timeout;
  #peak = 0;

  constructor(roots: readonly number[]) {
    this.#roots = roots;
    this.#timer = setInterval(() => this.#look(), INTERVAL);
    this.#look();
  }

  get peak(): number {
    return this.#peak;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const seen = new Set<number>();
    const next = [...this.#roots];
    for (let pid = next.pop(); pid !== undefined; pid = next.pop()) {
      if (seen.has(pid)) continue;
      seen.add(pid);
      next.push(...childrenOf(pid));
    }
    const sum = [...seen].reduce((total, pid) => total + residentOf(pid), 0);
    this.#peak = Math.max(this.#peak, sum);
  }
}

/** Of every thread: a child belongs to the thread that made it. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

function residentOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE;
  } catch {
    return 0;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { FairleadError } from '../../lib/errors.ts';
import { HOST_NAMES, type HostKind } from '../../lib/host-kind.ts';

/**
 * How long one round waits for git hosts: one that does not answer at all, because something drops what is sent to it,
 * must not use up the time in which the others are swept.
 */
export class Patience {
  readonly #ms: number;
  readonly #silent = new Set<HostKind>();

  /** `ms`: for all that is asked about one repository at a time. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /**
   * What `asking` answers. A host that was too slow once is not asked again.
   * @throws FairleadError `source/unreachable`, and what `asking` throws
   */
  async waitFor<T>(host: HostKind, asking: () => Promise<T>): Promise<T> {
    if (this.#silent.has(host)) throw silent(host);
    const limit = new AbortController();
    const late = sleep(this.#ms, undefined, { signal: limit.signal }).then(() => {
      this.#silent.add(host);
      throw silent(host);
    });
    try {
      return await Promise.race([asking(), late]);
    } finally {
      late.catch(() => {});
      limit.abort();
    }
  }
}

function silent(host: HostKind): FairleadError {
  return new FairleadError({
    code: 'source/unreachable',
    operation: `asking ${HOST_NAMES[host]} about its repositories`,
    cause: 'it takes too long to answer, and is not asked again in this round',
    temporary: true,
  });
}

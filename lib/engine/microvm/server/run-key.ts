import { createHash, timingSafeEqual } from 'node:crypto';
import * as z from 'zod/mini';

const payload = z.object({ key: z.string().check(z.minLength(32), z.maxLength(256)) });

/**
 * The key of this run of the VM. It comes with the run hook, so that the snapshot all VMs start from has none, and only
 * the first one counts: what a build runs could reach the hooks too.
 */
export class RunKey {
  #digest: Buffer | undefined;

  get known(): boolean {
    return this.#digest !== undefined;
  }

  /** Takes the body of the run hook: `{"key": …}`, as it is or as `runHookPayload` of an object around it. */
  take(body: string): 'taken' | 'same' | 'another' | 'bad' {
    const key = readKey(body);
    if (key === undefined) return 'bad';
    const digest = digestOf(key);
    if (this.#digest === undefined) {
      this.#digest = digest;
      return 'taken';
    }
    return timingSafeEqual(this.#digest, digest) ? 'same' : 'another';
  }

  /** In constant time, whatever is given. */
  fits(given: string | undefined): boolean {
    return this.#digest !== undefined && timingSafeEqual(this.#digest, digestOf(given ?? ''));
  }
}

function readKey(body: string): string | undefined {
  const parsed = parse(body);
  const inner = z.object({ runHookPayload: z.string() }).safeParse(parsed);
  const found = payload.safeParse(inner.success ? parse(inner.data.runHookPayload) : parsed);
  return found.success ? found.data.key : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// Of one length, so that comparing tells nothing of it.
function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

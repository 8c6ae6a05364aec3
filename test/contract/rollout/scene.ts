import { expect } from 'vitest';
import type { Release } from '../../../lib/release/types.ts';
import { releaseOf, type Wanted } from './apps.ts';
import type { Feature } from './implementation.ts';
import type { Installation } from './installation.ts';
import { ask } from './load.ts';

/** What the parts of the suite share: one installation on one cluster. */
export class Scene {
  readonly lacks: readonly Feature[];
  #on?: Installation;

  constructor(lacks: readonly Feature[]) {
    this.lacks = lacks;
  }

  set on(installation: Installation) {
    this.#on = installation;
  }

  get on(): Installation {
    if (this.#on === undefined) throw new Error('the cluster is not there yet');
    return this.#on;
  }

  /** A release of the probe program. */
  release = (wanted: Omit<Wanted, 'image'> & { image?: string }): Release =>
    releaseOf({ image: this.on.running.image, ...wanted });

  /** An app with release 1 live; answers its URL. */
  live = async (name: string, more: Partial<Wanted> = {}): Promise<string> => {
    const { answer } = await this.on.apply(this.release({ name, number: 1, version: 'a', ...more }), 1);
    if (answer.state !== 'live' || answer.url === undefined) throw new Error(JSON.stringify(answer));
    const { url } = answer;
    await expect.poll(() => ask(url).catch(() => ''), { timeout: 5000 }).toBe('a');
    return url;
  };

  async tidy(): Promise<void> {
    await this.#on?.tidy();
  }

  async close(): Promise<void> {
    await this.#on?.close();
  }
}

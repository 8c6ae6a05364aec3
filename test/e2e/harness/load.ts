import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Visitors who ask all the time, some over a connection that is kept, some over a new one for each request. */
export class Load {
  readonly failures: string[] = [];
  /** Requests that were answered. */
  answered = 0;
  readonly #url: string;
  readonly #visitors: Promise<void>[];
  #isOver = false;

  private constructor(url: string, visitors: number) {
    this.#url = url;
    this.#visitors = Array.from({ length: visitors }, (_, index) => this.#visit(index % 2 === 0));
  }

  static on(url: string, visitors = 4): Load {
    return new Load(url, visitors);
  }

  async end(): Promise<this> {
    this.#isOver = true;
    await Promise.all(this.#visitors);
    return this;
  }

  async #visit(keepAlive: boolean): Promise<void> {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    while (!this.#isOver) {
      const failure = await ask(this.#url, agent);
      if (failure === undefined) this.answered++;
      else
        this.failures.push(
          `${new Date().toISOString()} ${keepAlive ? 'kept' : 'new'} connection: ${failure}`,
        );
      await sleep(20);
    }
    agent.destroy();
  }
}

function ask(url: string, agent: Agent): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = request(url, { agent, timeout: 10_000 }, (response) => {
      response.on('error', ({ message }) => resolve(message));
      response.on('end', () =>
        resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`),
      );
      response.resume();
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', ({ message }) => resolve(message));
    sent.end();
  });
}

import { request } from 'node:http';

/** The answer to a GET, or why there was none. */
export type Visit = { status: number; body: string } | { error: string };

/** One GET of `url` on a connection of its own, within five seconds. */
export function visit(url: string): Promise<Visit> {
  return new Promise((resolve) => {
    const asking = request(url, { agent: false, timeout: 5_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: body.trim() }));
      response.on('error', (error) => resolve({ error: error.message }));
    });
    asking.on('timeout', () => asking.destroy(new Error('no answer in 5 s')));
    asking.on('error', (error) => resolve({ error: error.message }));
    asking.end();
  });
}

/** Asks for `url` all the time, one request after another, and counts what comes of it. */
export class Visitor {
  requests = 0;
  readonly failures: string[] = [];
  private going = true;
  private readonly done: Promise<void>;

  constructor(url: string, pauseMs = 10) {
    this.done = this.keepAsking(url, pauseMs);
  }

  private async keepAsking(url: string, pauseMs: number): Promise<void> {
    while (this.going) {
      const answer = await visit(url);
      this.requests += 1;
      if ('error' in answer) this.failures.push(answer.error);
      else if (answer.status !== 200) this.failures.push(`status ${answer.status}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Ends once the request under way is answered. */
  async leave(): Promise<void> {
    this.going = false;
    await this.done;
  }
}

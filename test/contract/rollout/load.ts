import { setTimeout as sleep } from 'node:timers/promises';

/** Asks `url` all the time, each time over a new connection, until it is stopped; answers what it got. */
export function underLoad(url: string, pause = 5) {
  const answers = new Map<string, number>();
  let stopped = false;
  const count = (answer: string) => answers.set(answer, (answers.get(answer) ?? 0) + 1);
  const asking = (async () => {
    while (!stopped) {
      await ask(url).then(count, (error: Error) => count(`failed: ${error.cause ?? error.message}`));
      await sleep(pause);
    }
  })();
  return {
    answers,
    async stop(): Promise<Map<string, number>> {
      stopped = true;
      await asking;
      return answers;
    },
  };
}

export async function ask(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5000) });
  const text = await response.text();
  return response.ok ? text.trim() : `failed: ${response.status}`;
}

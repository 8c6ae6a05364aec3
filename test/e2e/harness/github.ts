interface Status {
  state: string;
  description: string;
  target_url: string | null;
}

/** What people do on GitHub, on the local git host: a repository's forks, pull requests and conversations. */
export class GitHub {
  readonly #api: string;

  constructor(git: string, repository: string) {
    this.#api = `${git}/api/v3/repos/local/${repository}`;
  }

  async fork(name: string): Promise<void> {
    await this.#ask('POST', '/forks', { name });
  }

  async open(head: string, fork: string, user: string): Promise<void> {
    await this.#ask('POST', '/pulls', { title: head, head, head_repo: fork, base: 'main' }, user);
  }

  async close(number: number): Promise<void> {
    await this.#ask('PATCH', `/pulls/${number}`, { state: 'closed' });
  }

  async comment(number: number, body: string, user = 'local'): Promise<void> {
    await this.#ask('POST', `/issues/${number}/comments`, { body }, user);
  }

  async comments(number: number): Promise<{ body: string }[]> {
    return (await this.#ask('GET', `/issues/${number}/comments`)) as { body: string }[];
  }

  /** The newest first. */
  async statuses(commit: string): Promise<Status[]> {
    return (await this.#ask('GET', `/commits/${commit}/statuses`)) as Status[];
  }

  /** Whether anybody is told of what happens. */
  async setHook(active: boolean): Promise<void> {
    await this.#ask('PATCH', '/hooks/1', { active });
  }

  async #ask(method: string, path: string, body?: unknown, user = 'local'): Promise<unknown> {
    const response = await fetch(`${this.#api}${path}`, {
      method,
      headers: { authorization: `Bearer ${user}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }
}

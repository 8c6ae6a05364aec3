import { randomUUID } from 'node:crypto';

/** A webhook of a repository, in no host's words. */
export interface Hook {
  /** A number on most hosts; on Bitbucket the other one. */
  readonly id: number;
  readonly uuid: string;
  /** Where to; asked for at each delivery. */
  url: () => string;
  /** What it is signed with; empty where it is not. */
  secret: string;
  /** What it is subscribed to, in the host's words. */
  events: string[];
  active: boolean;
  contentType: 'json' | 'form';
  /** Whether certificates are verified; kept, and without meaning on one machine. */
  verifies: boolean;
  /** What else one kind of host keeps with it. */
  more: Record<string, unknown>;
  readonly createdAt: string;
  updatedAt: string;
}

export type HookSettings = Pick<
  Hook,
  'url' | 'secret' | 'events' | 'active' | 'contentType' | 'verifies' | 'more'
>;

/** The webhook that every repository has from its beginning, until somebody takes it away. */
export interface FirstHook {
  url: () => string;
  secret: string;
  events: readonly string[];
}

const FIRST = 1;

/** The webhooks of all repositories of a host, in memory. */
export class Hooks {
  readonly #first: FirstHook;
  readonly #byRepository = new Map<string, Hook[]>();
  #lastId = FIRST;

  constructor(first: FirstHook) {
    this.#first = { ...first };
  }

  /** Signs with another key from now on, by the webhooks that repositories had from their beginning. */
  set secret(secret: string) {
    this.#first.secret = secret;
    for (const hooks of this.#byRepository.values())
      for (const hook of hooks) if (hook.id === FIRST) hook.secret = secret;
  }

  /** The oldest first. */
  of(repository: string): Hook[] {
    const known = this.#byRepository.get(repository);
    if (known !== undefined) return known;
    const { url, secret, events } = this.#first;
    const settings = { active: true, contentType: 'json' as const, verifies: true, more: {} };
    const hooks = [made(FIRST, { url, secret, events: [...events], ...settings })];
    this.#byRepository.set(repository, hooks);
    return hooks;
  }

  /** By either of its ids. */
  find(repository: string, id: string): Hook | undefined {
    return this.of(repository).find((hook) => String(hook.id) === id || `{${hook.uuid}}` === id);
  }

  add(repository: string, settings: HookSettings): Hook {
    this.#lastId += 1;
    const hook = made(this.#lastId, settings);
    this.of(repository).push(hook);
    return hook;
  }

  remove(repository: string, hook: Hook): void {
    const left = this.of(repository).filter((one) => one !== hook);
    this.#byRepository.set(repository, left);
  }
}

function made(id: number, settings: HookSettings): Hook {
  const now = new Date().toISOString();
  return { id, uuid: randomUUID(), ...settings, createdAt: now, updatedAt: now };
}

import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { messageOf } from '../../errors.ts';
import { type Control, PORT, TOKEN_MINUTES } from './control.ts';
import { KEY_HEADER, type Refusal, type StoryLine } from './protocol.ts';

/** What came of asking a VM: a story, a clear no, or nothing that the VM itself said. */
export type Heard =
  | { is: 'story'; lines: AsyncIterable<StoryLine> }
  | { is: 'refused'; status: number; code: string; message: string }
  | { is: 'unreachable'; why: string };

/** ms that a token is used less long than it holds. */
const MARGIN = 5 * 60_000;
/** ms that a VM is given to say something, beyond what it was asked to wait. */
const PATIENCE = 15_000;

/** The server in one VM, through Lambda's proxy. */
export class Endpoint {
  readonly #url: string;
  readonly #vm: string;
  readonly #key: string;
  readonly #control: Pick<Control, 'token'>;
  #token: { value: Promise<string | undefined>; until: number } | undefined;

  constructor(vm: { id: string; endpoint: string }, key: string, control: Pick<Control, 'token'>) {
    this.#vm = vm.id;
    this.#url = vm.endpoint;
    this.#key = key;
    this.#control = control;
  }

  /** Whether it takes builds, or why not. */
  async health(): Promise<Heard> {
    const heard = await this.#ask('GET', '/health', 0);
    if (heard.is === 'story') for await (const _ of heard.lines);
    return heard;
  }

  /** Hands an order over; hears the story from the start, for `wait` seconds. */
  async order(order: string, wait: number): Promise<Heard> {
    return await this.#ask('POST', `/build?wait=${wait}`, wait, order);
  }

  /** Hears the story of a build from event `from` on, for `wait` seconds. */
  async hear(name: string, from: number, wait: number): Promise<Heard> {
    return await this.#ask('GET', `/build/${name}?from=${from}&wait=${wait}`, wait);
  }

  async #ask(method: string, path: string, wait: number, body?: string): Promise<Heard> {
    for (let attempt = 0; ; attempt++) {
      const heard = await this.#askOnce(method, path, wait, body);
      // The proxy's own no: the token has run out, or is of another VM.
      const isStale = heard.is === 'refused' && heard.code === '' && /^40[13]$/.test(String(heard.status));
      if (!isStale || attempt > 0) return heard;
      this.#token = undefined;
    }
  }

  async #askOnce(method: string, path: string, wait: number, body?: string): Promise<Heard> {
    const token = await this.#proxyToken();
    if (token === undefined) return { is: 'unreachable', why: 'it is gone' };
    const headers = {
      'x-aws-proxy-auth': token,
      'x-aws-proxy-port': String(PORT),
      [KEY_HEADER]: this.#key,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const signal = AbortSignal.timeout(wait * 1000 + PATIENCE);
    try {
      const init = { method, headers, signal, redirect: 'error' as const };
      const response = await fetch(this.#url + path, body === undefined ? init : { ...init, body });
      if (response.ok) return { is: 'story', lines: linesOf(response) };
      const said = (await response.json().catch(() => undefined)) as Partial<Refusal> | undefined;
      const { code = '', message = response.statusText } = said?.error ?? {};
      if (code === '' && response.status >= 500)
        return { is: 'unreachable', why: `its endpoint answers ${response.status}` };
      return { is: 'refused', status: response.status, code, message };
    } catch (error) {
      return { is: 'unreachable', why: reasonOf(error) };
    }
  }

  async #proxyToken(): Promise<string | undefined> {
    if (this.#token === undefined || Date.now() > this.#token.until) {
      const until = Date.now() + TOKEN_MINUTES * 60_000 - MARGIN;
      this.#token = { value: this.#control.token(this.#vm), until };
    }
    try {
      return await this.#token.value;
    } catch (error) {
      this.#token = undefined;
      throw error;
    }
  }
}

/** Every whole line of the answer. Throws when the connection breaks, as a line that is cut off then is no line. */
async function* linesOf({ body }: Response): AsyncGenerator<StoryLine> {
  if (body === null) return;
  const stream = Readable.fromWeb(body as ReadableStream);
  const failed = new Promise<never>((_, reject) => stream.once('error', reject));
  failed.catch(() => undefined);
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (stream.errored) break;
      if (line !== '') yield JSON.parse(line) as StoryLine;
    }
    if (stream.errored) await failed;
  } finally {
    stream.destroy();
  }
}

/** What the network said, in a few words. */
export function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string } };
  return cause?.code ?? messageOf(error);
}

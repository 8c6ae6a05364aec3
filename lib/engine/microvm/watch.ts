import type { Tell } from '../commit.ts';
import { tooMuch } from '../too-much.ts';
import type { EndedAnswer, Followed, RemoteJob } from '../types.ts';
import { type Endpoint, type Heard, reasonOf } from './endpoint.ts';
import type { Fleet } from './fleet.ts';
import { encodeHandle, type Handle } from './identity.ts';
import { type Ending, LONGEST_WAIT } from './protocol.ts';

/** What a watch cannot do itself. */
export interface Hands {
  fleet: Fleet;
  /** Begins the build in another VM than these. */
  begin(dead: ReadonlySet<string>): Promise<Handle>;
  /** Hands the order to a VM again. */
  order(endpoint: Endpoint): Promise<'taken' | 'busy'>;
}

/** VMs that may end in the middle of one build, and times that one may break in a VM that lives on, before it is given up. */
const MOST_LOST = 1;
const MOST_BROKEN = 2;
/** ms that are left for the caller to answer. */
const SPARE = 2_000;

type Verdict = { is: 'more' } | { is: 'ended'; answer: EndedAnswer };
const MORE: Verdict = { is: 'more' };

/** Follows one build through its VM, and into another one when that is lost. */
export class Watch {
  readonly #job: RemoteJob;
  readonly #onEvent: Tell;
  readonly #hands: Hands;
  #handle: Handle;

  constructor(job: RemoteJob, handle: Handle, onEvent: Tell, hands: Hands) {
    this.#job = job;
    this.#handle = handle;
    this.#onEvent = onEvent;
    this.#hands = hands;
  }

  async until(until: Date): Promise<Followed> {
    const { fleet } = this.#hands;
    for (let left = leftTo(until); left > 0; left = leftTo(until)) {
      const { vm: id, token } = this.#handle;
      const vm = await fleet.control.get(id);
      const verdict =
        vm === undefined
          ? await this.#lost('it is gone')
          : await this.#hear(await fleet.endpoint(vm, token), left);
      if (verdict.is === 'ended') return { state: 'ended', answer: verdict.answer };
    }
    return { state: 'running', id: encodeHandle(this.#handle) };
  }

  /** Hears one piece of the story, and what to do when there is none. */
  async #hear(endpoint: Endpoint, left: number): Promise<Verdict> {
    const wait = Math.max(0, Math.min(LONGEST_WAIT - 5, Math.floor(left / 1000)));
    const heard = await endpoint.hear(this.#job.name, this.#handle.from, wait);
    if (heard.is === 'story') {
      const told = await this.#listen(heard.lines);
      if (told.is !== 'cut')
        return told.ending === undefined ? MORE : await this.#ended(endpoint, told.ending);
      return await this.#silent(endpoint, told.why);
    }
    if (heard.is === 'unreachable') return await this.#silent(endpoint, heard.why);
    if (heard.code === 'unknown-build')
      return await this.#broken(endpoint, 'it knows nothing of the build any more');
    return await this.#silent(endpoint, `${heard.status} ${heard.message}`);
  }

  async #listen(lines: (Heard & { is: 'story' })['lines']) {
    try {
      for await (const line of lines) {
        if ('ending' in line) return { is: 'heard' as const, ending: line.ending };
        this.#onEvent(line.event);
        this.#handle.from = line.n + 1;
      }
      return { is: 'heard' as const };
    } catch (error) {
      return { is: 'cut' as const, why: reasonOf(error) };
    }
  }

  async #ended(endpoint: Endpoint, ending: Ending): Promise<Verdict> {
    if ('answer' in ending) {
      if (!isCredible(ending.answer, this.#job.request.publishTo))
        return await this.#lost('it answered what no build answers');
      return { is: 'ended', answer: ending.answer };
    }
    const { message, exhausted } = ending.fault;
    if (exhausted === undefined) return await this.#broken(endpoint, message);
    // What fills its disk may be of builds before this one, and stays there: an empty one may have room.
    if (exhausted === 'disk' && this.#handle.lost < MOST_LOST)
      return await this.#lost(`it has no disk left: ${message}`);
    // What would not end may not have ended yet.
    await this.#hands.fleet.control.terminate(this.#handle.vm);
    throw tooMuch(ending.fault, exhausted);
  }

  /** The connection broke. The VM may be there all the same; when it is not, the build is lost with it. */
  async #silent(endpoint: Endpoint, why: string): Promise<Verdict> {
    const gone = await this.#hands.fleet.whyGone(this.#handle.vm, endpoint);
    return gone === undefined ? MORE : await this.#lost(gone === 'it is gone' ? why : gone);
  }

  async #broken(endpoint: Endpoint, why: string): Promise<Verdict> {
    this.#handle.broken++;
    if (this.#handle.broken > MOST_BROKEN)
      return givenUp(`the build broke off ${MOST_BROKEN + 1} times: ${why}`);
    this.#notice(`the build broke off (${why}); it begins anew`);
    this.#handle.from = 0;
    if ((await this.#hands.order(endpoint)) === 'taken') return MORE;
    return await this.#elsewhere(new Set());
  }

  async #lost(why: string): Promise<Verdict> {
    const { vm } = this.#handle;
    await this.#hands.fleet.control.terminate(vm);
    this.#handle.lost++;
    if (this.#handle.lost > MOST_LOST)
      return givenUp(`${MOST_LOST + 1} MicroVMs ended in the middle of the build: ${why}`);
    this.#notice(`the MicroVM ended in the middle of the build (${why}); another one begins anew`);
    return await this.#elsewhere(new Set([vm]));
  }

  async #elsewhere(dead: ReadonlySet<string>): Promise<Verdict> {
    const { lost, broken } = this.#handle;
    this.#handle = { ...(await this.#hands.begin(dead)), lost, broken };
    return MORE;
  }

  #notice(message: string): void {
    this.#onEvent({ type: 'notice', message });
  }
}

/** Commands of others run in that VM: what it says of an image is believed only of the place that was asked for. */
function isCredible(answer: EndedAnswer, publishTo: string): boolean {
  if (answer.outcome === 'failed') return typeof answer.reason === 'string';
  const { digest, image } = answer;
  return /^sha256:[0-9a-f]{64}$/.test(digest) && image === `${publishTo}@${digest}`;
}

function leftTo(until: Date): number {
  return until.getTime() - Date.now() - SPARE;
}

function givenUp(reason: string): Verdict {
  return { is: 'ended', answer: { outcome: 'failed', blame: 'elsewhere', reason, details: '' } };
}

import { brief } from './brief.ts';

/** How a deployment ended, for people and for whoever reads the last line of a push. */
export type Ending =
  /** `notes`: what people should know all the same. Without `url` it takes no requests. */
  | { is: 'live'; url?: string; notes?: readonly string[] }
  | { is: 'unchanged'; url?: string }
  /** `blame`: whether the same commit would fail again, or something else was at fault. */
  | { is: 'failed'; reason: string; blame: 'commit' | 'elsewhere' }
  /** `at`: ISO 8601 */
  | { is: 'refused'; reason: string; at: string }
  /** `by`: what came instead. */
  | { is: 'superseded'; by: string }
  | { is: 'ignored'; why: string }
  /**
   * A release that was good runs again, of `commit`; `from` is what was taken back, and `number` the new release. `why`
   * says who wanted it, and the reason.
   */
  | { is: 'rolled-back'; number: number; commit: string; why: string; from?: number; url?: string }
  /** All of the environment is gone. */
  | { is: 'removed'; reason: string };

/** Whose ending it is. */
export interface Ended {
  app: string;
  ref: string;
  /** The commit that the push told of. */
  pushed: string;
  /** The commit that was deployed: another one, when the branch had moved on. */
  commit: string;
}

/** The last line of a push: its first words are for programs, what comes after the commit is for people. */
export function lastLine(ended: Ended, ending: Ending): string {
  const { app, pushed, ref } = ended;
  switch (ending.is) {
    case 'live':
    case 'unchanged':
      return `${ending.is} ${app} ${pushed}${ending.url === undefined ? '' : ` ${ending.url}`}`;
    case 'failed':
      return `failed ${app} ${pushed} ${oneLine(ending.reason)}`;
    case 'refused':
      return `failed ${app} ${pushed} refused: ${refusal(ending)}`;
    case 'superseded':
      return `superseded ${app} ${pushed} by ${oneLine(ending.by)}`;
    case 'ignored':
      return `ignored ${app} ${ref} (${oneLine(ending.why)})`;
    case 'rolled-back': {
      const { number, commit, url } = ending;
      return `rolled-back ${app} ${pushed} to ${commit} as release ${number}${url === undefined ? '' : ` ${url}`}`;
    }
    case 'removed':
      return `removed ${app} ${ref} (${oneLine(ending.reason)})`;
  }
}

/** The ending of what was pushed: where another commit was deployed for it, that one came instead. */
export function endingOfPush({ pushed, commit }: Ended, ending: Ending): Ending {
  if (pushed === commit) return ending;
  switch (ending.is) {
    case 'live':
    case 'unchanged':
      return { is: 'superseded', by: `${commit}, which is ${lower(liveAt(ending.url))}` };
    case 'failed':
      return { is: 'superseded', by: `${commit}, which failed: ${ending.reason}` };
    case 'refused':
      return { is: 'superseded', by: `${commit}, which is refused: ${refusal(ending)}` };
    default:
      return ending;
  }
}

/** The state and description of the commit's status; none for what does not concern a commit. */
export function statusOf(
  ending: Ending,
): { state: 'success' | 'failure' | 'error'; description: string; targetUrl?: string } | undefined {
  switch (ending.is) {
    case 'live':
    case 'unchanged': {
      const { url } = ending;
      const notes = 'notes' in ending ? (ending.notes ?? []) : [];
      const description = [liveAt(url), ...notes].join('; ');
      return { state: 'success', description, ...(url === undefined ? {} : { targetUrl: url }) };
    }
    case 'failed': {
      const state = ending.blame === 'commit' ? 'failure' : 'error';
      return { state, description: ending.reason };
    }
    case 'refused':
      return { state: 'failure', description: `Refused: ${refusal(ending)}` };
    case 'superseded':
      return { state: 'error', description: `Superseded by ${ending.by}` };
    case 'rolled-back':
      return { state: 'failure', description: `Rolled back to ${brief(ending.commit)} ${ending.why}` };
    case 'ignored':
    case 'removed':
      return undefined;
  }
}

function liveAt(url: string | undefined): string {
  return url === undefined ? 'Live' : `Live at ${url}`;
}

function lower(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}

function refusal({ reason, at }: { reason: string; at: string }): string {
  const when = `${at.slice(0, 16).replace('T', ' ')} UTC`;
  const remedy = 'push a new commit to try again (an empty one will do), or let this one in: fairlead retry';
  return `it failed before, on ${when}: ${oneLine(reason)}; ${remedy}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

import color from 'picocolors';
import type { Chapters } from '../../lib/report/story.ts';
import type { Repository } from './repository.ts';
import type { Step } from './steps.ts';
import { Visitor, visit } from './visitor.ts';

/** What came of one step: how the push ended, how long its parts took (ms), and what was not as it should be. */
export interface Played {
  ends: string;
  ms: number;
  times: { build?: number; publish?: number; rollOut?: number };
  sentBytes?: number;
  /** Requests to the service while the push was under way, and how many of them failed. */
  requests: number;
  failures: number;
  url?: string;
  problems: string[];
}

/** The log records of the functions, as the local cloud hands them on. */
export interface Records {
  on(event: 'record', listener: (line: { record?: Record<string, unknown> }) => void): unknown;
  off(event: 'record', listener: (line: { record?: Record<string, unknown> }) => void): unknown;
}

/** Plays the steps in order; each is told as it happens, by `say`, a line at a time. */
export async function play(
  steps: readonly Step[],
  repository: Repository,
  records: Records,
  say: (line?: string) => void,
): Promise<Played[]> {
  const played: Played[] = [];
  const commits: string[] = [];
  let service: string | undefined;
  for (const [index, step] of steps.entries()) {
    say();
    say(color.bold(`${index + 1}. ${step.title}`));
    const refspec = await step.prepare(repository, commits);
    commits.push(refspec === 'main' ? await repository.head() : (refspec.split(':')[0] ?? ''));
    say(color.dim(`   $ git push ${repository.remote} ${refspec}`));
    const result = await playStep(step, repository, refspec, records, service, say);
    service = result.url ?? service;
    played.push(result);
  }
  return played;
}

async function playStep(
  step: Step,
  repository: Repository,
  refspec: string,
  records: Records,
  service: string | undefined,
  say: (line?: string) => void,
): Promise<Played> {
  const chapters = new ChapterTimes(records);
  const visitor = service === undefined ? undefined : new Visitor(service);
  const { code, lines, ms } = await repository.push(refspec, (line) => say(`   ${paint(line)}`));
  await visitor?.leave();
  chapters.stop();

  const last = lines.at(-1) ?? '';
  const [ends = 'nothing'] = last.split(' ');
  const url = /(https?:\/\/\S+)$/.exec(last)?.[1];
  const address = url ?? service;
  const answered = address === undefined ? { error: 'it has no address yet' } : await visit(address);
  const problems = [
    ...(code === 0 ? [] : [`git push ended with exit code ${code}`]),
    ...(ends === step.ends ? [] : [`the push ended with "${last}", not with "${step.ends}"`]),
    ...step.tells
      .filter((wanted) => !wanted.test(lines.join('\n')))
      .map((wanted) => `nothing told of ${wanted}`),
    ...(step.tellsNot?.test(lines.join('\n')) ? [`the story tells of ${step.tellsNot}`] : []),
    ...('error' in answered
      ? [`the service does not answer: ${answered.error}`]
      : answered.body === step.answer
        ? []
        : [`the service answers ${JSON.stringify(answered.body)}, not ${JSON.stringify(step.answer)}`]),
    ...(visitor?.failures.length
      ? [`${visitor.failures.length} requests failed: ${visitor.failures[0]}`]
      : []),
  ];
  if ('body' in answered) say(color.dim(`   $ curl ${address}  →  ${answered.body}`));
  return {
    ends,
    ms,
    ...chapters.told,
    requests: visitor?.requests ?? 0,
    failures: visitor?.failures.length ?? 0,
    problems,
    ...(url && { url }),
  };
}

/** Picks the times of the parts out of the records, while a push is under way. */
class ChapterTimes {
  readonly told: { times: Played['times']; sentBytes?: number } = { times: {} };
  private readonly records: Records;

  constructor(records: Records) {
    this.records = records;
    records.on('record', this.note);
  }

  stop(): void {
    this.records.off('record', this.note);
  }

  private readonly note = ({ record }: { record?: Record<string, unknown> }): void => {
    const detail = <E extends keyof Chapters>(event: E) =>
      record?.event === event ? (record.detail as Chapters[E]) : undefined;
    const built = detail('build.finished') ?? detail('build.failed');
    if (built) this.told.times.build = built.ms;
    const published = detail('image.published');
    if (published) {
      this.told.times.publish = published.ms;
      this.told.sentBytes = published.uploadedBytes;
    }
    const rolledOut = detail('rollout.live') ?? detail('rollout.failed');
    if (rolledOut) this.told.times.rollOut = rolledOut.ms;
  };
}

function paint(line: string): string {
  if (/^(live|unchanged) /.test(line)) return color.green(line);
  if (/^failed /.test(line)) return color.red(line);
  return line;
}

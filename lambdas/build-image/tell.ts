import { renderProgress } from '../../lib/build/progress.ts';
import type { BuildEvent, EndedAnswer } from '../../lib/engine/types.ts';
import type { Subject } from '../../lib/log.ts';
import { brief } from '../../lib/report/brief.ts';
import { renderBytes } from '../../lib/report/bytes.ts';
import { tell } from '../../lib/report/story.ts';

/** Tells what happens in a build to whoever pushed, whichever engine carries it out. */
export function tellBuild(subject: Subject, event: BuildEvent): void {
  if (event.type === 'built') {
    const { ms } = event;
    tell(subject, 'build.finished', `built in ${seconds(ms)}`, { ms });
  } else if (event.type === 'published') {
    const { digest, publishTo, uploadedBytes, totalBytes, ms } = event;
    const sent = `${renderBytes(uploadedBytes)} sent, ${renderBytes(totalBytes - uploadedBytes)} there already`;
    const message = `published ${brief(digest)} to ${publishTo} in ${seconds(ms)}, ${sent}`;
    tell(subject, 'image.published', message, { digest, uploadedBytes, totalBytes, ms });
  } else if (event.type === 'cached') {
    const { sentBytes, totalBytes, ms } = event;
    const message = `kept the build's cache in the registry in ${seconds(ms)} more, ${renderBytes(sentBytes)} of ${renderBytes(totalBytes)} sent`;
    tell(subject, 'cache.kept', message, { sentBytes, totalBytes, ms });
  } else if (event.type === 'notice') {
    const { message, line } = event;
    tell(subject, 'build.notice', renderProgress(event) ?? message, line === undefined ? {} : { line });
  } else if (event.type === 'step') {
    const { stage, number, total, instruction, ms, cached } = event;
    const message = renderProgress(event) ?? instruction;
    tell(subject, 'build.step', message, { stage, number, total, instruction, ms, cached });
  }
}

/** Tells why there is no image. */
export function tellFailure(
  subject: Subject,
  { reason, details, line }: EndedAnswer & { outcome: 'failed' },
  started: number,
): void {
  const detail = { ms: Date.now() - started, ...(line === undefined ? {} : { line }) };
  tell(subject, 'build.failed', details === '' ? reason : `${reason}\n${details}`, detail);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

import type { Readable } from 'node:stream';

/** A ref that git accepted: it moved from `before` to `after`. All zeroes stand for "there was" or "there is" none. */
export interface RefUpdate {
  ref: string;
  before: string;
  after: string;
}

/** Reads `<before> <after> <ref>` lines up to an empty line or the end, as the post-receive hook hands them over. */
export async function readUpdates(source: Readable): Promise<RefUpdate[]> {
  let text = '';
  try {
    for await (const chunk of source) {
      text += chunk;
      if (text.endsWith('\n\n') || text === '\n') break;
    }
  } catch {
    // A hook that died half-way told of whole lines all the same; those refs have moved.
  }
  return text.split('\n').flatMap((line) => {
    const [, before, after, ref] = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (.+)$/.exec(line) ?? [];
    return before === undefined || after === undefined || ref === undefined ? [] : [{ before, after, ref }];
  });
}

/** Whether an object id is git's "none". */
export function isNone(id: string): boolean {
  return /^0+$/.test(id);
}

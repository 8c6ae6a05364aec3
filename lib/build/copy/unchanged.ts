import { lstatSync } from 'node:fs';
import { FairleadError } from '../../errors.ts';
import { stampOf } from '../plan/context.ts';
import type { Node } from '../tree.ts';

/**
 * Throws `build/context-changed` when a file of the build context is not what it was when its name was read: what was
 * read of it since may be half of one text and half of another.
 */
export function refuseChanged(nodes: Iterable<Node | undefined>): void {
  for (const node of nodes) {
    if (node?.content?.from !== 'disk' || node.content.stamp === undefined) continue;
    const { file, stamp } = node.content;
    const stat = lstatSync(file, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined || stampOf(stat) !== stamp) throw changed(file);
  }
}

function changed(file: string): FairleadError {
  return new FairleadError({
    code: 'build/context-changed',
    operation: 'reading the build context',
    place: file,
    cause: 'the file was changed, or removed, while the build read it',
    remedy: 'build again when nothing writes to the build context',
    temporary: true,
  });
}

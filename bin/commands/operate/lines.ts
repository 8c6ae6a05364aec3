import pc from 'picocolors';
import type { PastRelease } from '../../../lib/ledger/releases.ts';
import { brief } from '../../../lib/report/brief.ts';
import { asShown } from '../progress/width.ts';

/** What others wrote (a pod's last words, a person's reason), in one line that does nothing to a terminal. */
export function plain(text: string): string {
  return asShown(text.replaceAll(/\s+/g, ' ').trim());
}

/** Two columns: what a line is about, and what there is to say. */
export function entry(name: string, text: string): string {
  return `  ${pc.dim(name.padEnd(8))} ${text}`;
}

/** `2026-01-01 12:00 UTC` */
export function moment(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

/** `12 minutes`: how long it is from one time to another. */
export function span(from: number, to: number): string {
  const seconds = Math.max(0, Math.round((to - from) / 1000));
  const { unit, size } = UNITS.find(({ size }) => seconds >= 2 * size) ?? { unit: 'second', size: 1 };
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

const UNITS = [
  { unit: 'day', size: 86_400 },
  { unit: 'hour', size: 3_600 },
  { unit: 'minute', size: 60 },
];

/** How a release ended, in one line, and what it was where that was there before. */
export function ending(release: Pick<PastRelease, 'verdict' | 'rolledBack' | 'brings'>): string {
  const { brings } = release;
  return `${ended(release)}${brings === undefined ? '' : pc.dim(` (brings back release ${brings})`)}`;
}

function ended({ verdict, rolledBack }: Pick<PastRelease, 'verdict' | 'rolledBack'>): string {
  if (rolledBack !== undefined) {
    const { by, reason } = rolledBack;
    return pc.red(`rolled back by ${plain(by)}: ${plain(reason)}`);
  }
  switch (verdict?.is) {
    case undefined:
      return pc.cyan('under way');
    case 'live': {
      const notes = verdict.notes ?? [];
      return notes.length === 0 ? pc.green('good') : `${pc.green('good')}; ${plain(notes.join('; '))}`;
    }
    case 'superseded':
      return pc.dim('superseded');
    case 'failed':
      return pc.red(`failed: ${plain(verdict.reason)}`);
    case 'unknown':
      return pc.yellow(`unknown: ${plain(verdict.reason)}`);
  }
}

/** `release 3 (a1b2c3d4e5f6)` */
export function releaseName({ release, commit }: { release: number; commit: string }): string {
  return `release ${release} (${brief(commit)})`;
}

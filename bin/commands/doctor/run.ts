import pc from 'picocolors';
import { plain } from '../operate/lines.ts';
import { type Asked, examine } from './examine.ts';
import type { Finding } from './finding.ts';

const SIGNS: Record<Finding['is'], (text: string) => string> = {
  ok: pc.green,
  'not-ok': pc.red,
  unknown: pc.yellow,
  absent: pc.dim,
};

/** Prints what is found, and answers the exit code: 1 where anything is not ok. */
export async function doctor(flags: Asked & { json?: true }): Promise<number> {
  const findings = await examine(flags);
  const wrong = findings.filter(({ is }) => is === 'not-ok').length;
  console.log(
    flags.json ? JSON.stringify({ ok: wrong === 0, findings }, null, 2) : lines(findings).join('\n'),
  );
  return wrong === 0 ? 0 : 1;
}

function lines(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ about }) => about.length));
  const told = findings.flatMap(({ is, about, says, remedy }) => [
    `${SIGNS[is](is.padEnd(7))} ${plain(about).padEnd(width)}  ${plain(says)}`,
    ...(remedy === undefined ? [] : [`${' '.repeat(10 + width)}${pc.bold('do:')} ${plain(remedy)}`]),
  ]);
  const count = (is: Finding['is']) => findings.filter((one) => one.is === is).length;
  return [...told, '', `${count('ok')} ok, ${count('not-ok')} not ok, ${count('unknown')} unknown`];
}

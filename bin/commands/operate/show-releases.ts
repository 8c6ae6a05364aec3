import pc from 'picocolors';
import type { OperateAnswer } from '../../../lib/operate/answer.ts';
import { brief } from '../../../lib/report/brief.ts';
import { ending, moment, plain } from './lines.ts';
import { table } from './table.ts';

/** The history of an environment. */
export function releaseLines({
  releases,
  live,
  environment,
}: Extract<OperateAnswer, { is: 'releases' }>): string[] {
  const { app, name } = environment;
  if (releases.length === 0) return [`${app} has no release in ${name} yet.`];
  const rows = releases.map((release) => [
    release.number === live ? pc.green('*') : '',
    `${release.number}`,
    brief(release.commit),
    moment(release.createdAt),
    ending(release),
  ]);
  const lines = table(['', 'RELEASE', 'COMMIT', 'CREATED', 'HOW IT ENDED'], rows);
  return live === undefined ? lines : [...lines, pc.dim('* is live')];
}

const SIGNS = { created: pc.green('+'), changed: pc.yellow('~'), removed: pc.red('-') };

/** What a release changed in the cluster, and how its phases went. */
export function diffLines({ environment, release }: Extract<OperateAnswer, { is: 'diff' }>): string[] {
  const { app, name } = environment;
  const { number, commit, phases = [] } = release;
  const head = `${pc.bold(`release ${number}`)} of ${app} in ${name}, commit ${brief(commit)}: ${ending(release)}`;
  return [head, ...changeLines(release), ...phases.flatMap(phaseLines)];
}

type Past = Extract<OperateAnswer, { is: 'diff' }>['release'];

function changeLines({ changes, brings }: Past): string[] {
  if (changes === undefined && brings !== undefined)
    return [pc.dim(`  it makes all as release ${brings} had it, and takes away what came since`)];
  if (changes === undefined) return [pc.dim('  what it changes is not on record')];
  if (changes.length === 0) return [pc.dim('  it changes nothing in the cluster')];
  return changes.flatMap(({ object, is, fields }) => [
    `  ${SIGNS[is]} ${plain(object)}`,
    ...fields.map((field) => `      ${plain(field)}`),
  ]);
}

function phaseLines({ name, bake }: NonNullable<Past['phases']>[number]): string[] {
  if (bake === undefined) return [];
  const said = bake.is === 'good' ? pc.green('good') : `${bake.is}: ${plain(bake.reason)}`;
  return [
    `  ${pc.dim('watched')} ${plain(name)}: ${said}`,
    ...bake.notes.map((note) => `      ${plain(note)}`),
  ];
}

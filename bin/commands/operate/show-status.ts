import pc from 'picocolors';
import type { EnvironmentStatus } from '../../../lib/operate/answer.ts';
import { brief } from '../../../lib/report/brief.ts';
import { ending, entry, moment, plain, span } from './lines.ts';
import { table } from './table.ts';

const AT_WORK = { deploy: 'deploying', 'roll-back': 'rolling back to', remove: 'being removed' };

/** Every environment in a line of a table. `now`: ms since the epoch. */
export function overview(environments: readonly EnvironmentStatus[], now: number): string[] {
  if (environments.length === 0) return ['Nothing has been deployed yet.'];
  const rows = environments.map((one) => {
    const { app, name, live } = one;
    const since = live?.liveSince === undefined ? '' : span(Date.parse(live.liveSince), now);
    const release = live === undefined ? '' : `${live.release}`;
    return [app, name, stateOf(one), release, live ? brief(live.commit) : '', since, live?.url ?? ''];
  });
  return table(['APP', 'ENVIRONMENT', 'STATE', 'RELEASE', 'COMMIT', 'SINCE', 'URL'], rows);
}

function stateOf({ live, underWay, newest }: EnvironmentStatus): string {
  if (underWay !== undefined) return pc.cyan(AT_WORK[underWay.what].replace(/ to$/, ''));
  const ended = newest?.verdict?.is;
  if (live === undefined) return ended === 'unknown' ? pc.yellow('unknown') : pc.red('nothing runs');
  if (newest !== undefined && newest.number > live.release && (ended === 'failed' || ended === 'unknown'))
    return pc.yellow(`live, newest ${ended}`);
  return pc.green('live');
}

/** All there is to say of each environment. */
export function details(environments: readonly EnvironmentStatus[], now: number): string[] {
  return environments.flatMap((one, index) => [...(index === 0 ? [] : ['']), ...detailsOf(one, now)]);
}

function detailsOf(one: EnvironmentStatus, now: number): string[] {
  const { app, name, repository, branch, live, underWay, newest, bad } = one;
  const lines = [`${pc.bold(app)} ${name}  ${pc.dim(`${repository}, branch ${branch}`)}`];
  const begun = newest !== undefined && newest.verdict === undefined ? newest : undefined;
  if (live === undefined)
    lines.push(entry('live', begun === undefined ? pc.red('nothing') : 'nothing that was found good yet'));
  else {
    const since = live.liveSince === undefined ? '' : `, for ${span(Date.parse(live.liveSince), now)}`;
    lines.push(entry('live', `release ${live.release}, commit ${brief(live.commit)}${since}`));
    if (live.url !== undefined) lines.push(entry('', live.url));
    const until = Date.parse(live.watchUntil ?? '');
    if (until > now)
      lines.push(entry('watched', `for ${span(now, until)} more: until then an alarm takes it back`));
  }
  if (underWay !== undefined) {
    const commit = underWay.commit === '' ? '' : ` ${brief(underWay.commit)}`;
    lines.push(
      entry('at work', pc.cyan(`${AT_WORK[underWay.what]}${underWay.what === 'remove' ? '' : commit}`)),
    );
  }
  if (newest !== undefined && newest.number !== live?.release)
    lines.push(
      entry('newest', `release ${newest.number}, commit ${brief(newest.commit)}: ${ending(newest)}`),
    );
  for (const { commit, reason, at } of bad)
    lines.push(entry('refused', `${brief(commit)} ${pc.dim(`since ${moment(at)}`)} ${plain(reason)}`));
  if (bad.length > 0) lines.push(entry('', pc.dim(`fairlead retry ${app} COMMIT lets one in again`)));
  return lines;
}

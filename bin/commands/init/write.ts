import type { AppEntry, ConfigFile, HostEntry } from '../../../lib/config/types.ts';

/** Columns that a line has, and those that stand before a field of an app. */
const [WIDTH, INDENT] = [110, 4];

/** The text of a `fairlead.config.ts` that says `config`, with what a person may want to know beside it. */
export function textOf(config: ConfigFile): string {
  const { apps, hosts, regions, cluster, platform, notifications, budget } = config;
  const sections = [
    section(
      ['What is deployed. Other repositories are ignored.'],
      'apps',
      apps === 'any' ? quoted(apps) : list(apps.map(appText)),
    ),
    hosts && section(['Where the repositories are.'], 'hosts', hostsText(hosts)),
    regions
      ? section(['Installed once in each of these.'], 'regions', inline(regions))
      : comment(["regions: ['eu-central-1'] would say where; else it is where the AWS profile says."]),
    section(
      [
        cluster && 'existing' in cluster
          ? 'The EKS cluster that apps run on: nothing of it is changed but who may roll out.'
          : 'A new EKS cluster in Auto Mode; `existing: { name: … }` would be one that is there.',
        ...(cluster?.loadBalancers === 'internal'
          ? ["Load balancers are reached from the VPC only; 'internet-facing' would be by everybody."]
          : []),
      ],
      'cluster',
      fitted(cluster, 2, 'cluster: '.length),
    ),
    platform && section(['What images are built for.'], 'platform', inline(platform)),
    notifications
      ? section(
          ['Who is told of alarms. Each address gets a mail, and has to confirm it.'],
          'notifications',
          inline(notifications),
        )
      : comment(["notifications: { email: ['ops@example.com'] } would tell somebody of alarms."]),
    budget
      ? section(['US dollars a month, before which these are warned.'], 'budget', inline(budget))
      : comment(["budget: { monthly: 100, email: ['ops@example.com'] } would warn of what it costs."]),
  ];
  return `import { defineConfig } from './lib/config/define.ts';

// What this installation of Fairlead deploys, and where. docs/configuration.md has every field with its default.
// After a change: npx fairlead deploy
export default defineConfig({
${sections.filter((text) => text !== undefined).join('\n')}
});
`;
}

function appText({ repository, name, environments, previews }: AppEntry): string[] {
  return [
    '{',
    `  repository: ${quoted(repository)},`,
    ...(name === undefined ? [] : [`  name: ${quoted(name)},`]),
    '  // Environment to branch. Each but production has a namespace and addresses of its own.',
    ...field('environments', environments ?? {}),
    "  // Environments that come and go: of 'branches', of 'pull-requests', or 'off'.",
    `  previews: ${inline(previews)},`,
    '}',
  ];
}

/** On one line, or where that is too long on one for each of its own. */
function field(name: string, value: object): string[] {
  const line = `  ${name}: ${inline(value)},`;
  if (line.length + INDENT <= WIDTH) return [line];
  const own = Object.entries(value).map(([key, one]) => `    ${keyOf(key)}: ${inline(one)},`);
  return [`  ${name}: {`, ...own, '  },'];
}

/** A list whose entries all have several fields stands one below the other. */
function hostsText(hosts: readonly HostEntry[]): string {
  const several = hosts.length > 1 && hosts.every((host) => Object.keys(host).length > 1);
  return several ? list(hosts.map(inline)) : inline(hosts);
}

function section(why: string[], field: string, value: string): string {
  return `${comment(why)}\n  ${field}: ${value},`;
}

function comment(lines: string[]): string {
  return lines.map((line) => `  // ${line}`).join('\n');
}

/** One entry below the other. */
function list(entries: readonly (string | string[])[]): string {
  const lines = entries.flatMap((entry) => {
    const own = Array.isArray(entry) ? entry : [entry];
    return own.map((line, at) => `    ${line}${at === own.length - 1 ? ',' : ''}`);
  });
  return `[\n${lines.join('\n')}\n  ]`;
}

/** As a person would write it: single quotes, keys without any where they need none. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, one]) => `${keyOf(key)}: ${inline(one)}`);
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
  }
  return typeof value === 'string' ? quoted(value) : String(value);
}

/** On one line, or where that is too long each part on one of its own: `before` columns stand before it on its first line. */
function fitted(value: unknown, indent: number, before: number): string {
  const line = inline(value);
  if (typeof value !== 'object' || value === null || indent + before + line.length < WIDTH) return line;
  const [own, end] = [' '.repeat(indent + 2), `\n${' '.repeat(indent)}`];
  const isList = Array.isArray(value);
  const parts = Object.entries(value).map(([key, one]) => {
    const name = isList ? '' : `${keyOf(key)}: `;
    return `\n${own}${name}${fitted(one, indent + 2, name.length)},`;
  });
  return isList ? `[${parts.join('')}${end}]` : `{${parts.join('')}${end}}`;
}

function keyOf(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key);
}

/** With the quotes of which there are none in it. */
function quoted(text: string): string {
  if (text.includes("'") && !text.includes('"')) return JSON.stringify(text);
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

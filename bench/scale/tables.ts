import { costOf, type Engine, type Item, idleItems, monthItems, NODE, pushItems } from './costs.ts';
import { type Counts, repositoriesFor, SIZES } from './counts.ts';
import { loads } from './loads.ts';
import { PRICED, PRICES, type Price, type Region } from './prices.ts';
import { ceiling, firstToBreak } from './quotas.ts';

const REGIONS: readonly Region[] = ['us-east-1', 'eu-west-1'];
const ENGINES: readonly Engine[] = ['function', 'microvm', 'codebuild'];

/** Every table of docs/costs.md, by the name of its place there. Pure: the same counts and prices give the same. */
export function tables(counts: Counts): Record<string, string> {
  return {
    idle: billed(idleItems(counts)),
    own: `Without the cluster’s control plane and gateways: ${REGIONS.map((region) => `${dollars(costOf(ownItems(counts), region))} (${region})`).join(', ')}.`,
    nodes: `One such node: ${REGIONS.map((region) => `${dollars(costOf([NODE], region))} (${region})`).join(', ')} a month.`,
    push: markdown(
      ['one push, built by', ...REGIONS],
      ENGINES.map((engine) => [
        engine,
        ...REGIONS.map((region) => dollars(costOf(pushItems(counts, engine), region))),
      ]),
    ),
    month: markdown(
      [
        'pushes a month',
        'repositories',
        ...ENGINES.map((engine) => `${engine} (us-east-1)`),
        ...ENGINES.map((engine) => `${engine} (eu-west-1)`),
      ],
      SIZES.map((size) => [
        size.toLocaleString('en'),
        repositoriesFor(size).toLocaleString('en'),
        ...REGIONS.flatMap((region) => {
          const month = costOf([...idleItems(counts), ...monthItems(counts, size)], region);
          return ENGINES.map((engine) => dollars(month + size * costOf(pushItems(counts, engine), region)));
        }),
      ]),
    ),
    'push-items': billed(pushItems(counts, 'function')),
    counts: countsTable(counts),
    quotas: quotasTable(counts),
    first: SIZES.map((size) => broken(counts, size)).join('\n'),
    prices: markdown(
      ['for a', ...REGIONS, 'source'],
      Object.values(PRICES).map((price: Price) => [
        price.unit,
        ...REGIONS.map((region) => `$${price.usd[region]}`),
        sourceOf(price),
      ]),
    ),
    date: `Prices of ${PRICED}; counts of ${counts.measured}, from ${counts.pushes} pushes.`,
  };
}

/** What is Fairlead's, whoever's the cluster is. */
export function ownItems(counts: Counts): Item[] {
  return idleItems(counts).filter(({ price }) => !['eksHour', 'natHour', 'ipHour'].includes(price));
}

function sourceOf({ source }: Price): string {
  return source === 'unconfirmed' ? '**not confirmed**: look it up' : source.page;
}

function billed(items: readonly Item[]): string {
  const rows = items.map(({ what, quantity, price }) => [
    what,
    `${amount(quantity)} × ${PRICES[price].unit}`,
    ...REGIONS.map((region) => dollars(quantity * PRICES[price].usd[region])),
  ]);
  return markdown(
    ['', 'how much', ...REGIONS],
    [...rows, ['**together**', '', ...REGIONS.map((region) => `**${dollars(costOf(items, region))}**`)]],
  );
}

function countsTable({
  calls,
  requests,
  sweep,
  metrics,
  durable,
  dynamoDb,
  functions,
  seconds,
}: Counts): string {
  const byService = new Map<string, number>();
  for (const [name, count] of Object.entries(calls)) {
    const [service = ''] = name.split(':');
    byService.set(service, (byService.get(service) ?? 0) + count);
  }
  return markdown(
    ['of one push', 'count'],
    [
      ...[...byService].sort().map(([service, count]) => [`calls of ${service}`, amount(count)]),
      ['requests of the cluster’s API', amount(requests.kubernetes)],
      [
        'requests of the git host’s API, and those of them that write',
        `${amount(requests.gitHost)} and ${amount(requests.gitHostWrites)}`,
      ],
      ['requests of the git host’s API, of a round of the sweep for a repository', amount(sweep.gitHost)],
      ['metrics, of all apps and of the one', `${amount(metrics.ofAll)} and ${amount(metrics.ofApp)}`],
      ['requests of the registry', amount(requests.registry)],
      ['durable operations', amount(durable.operations)],
      [
        'DynamoDB units, written and read',
        `${amount(dynamoDb.writeUnits)} and ${amount(dynamoDb.readUnits)}`,
      ],
      ...Object.entries(functions).map(([name, one]) => [
        `${name}`,
        `${amount(one.invocations)} invocations, ${amount(one.seconds)} s, ${amount(one.gbSeconds)} GB-s`,
      ]),
      [
        'seconds of the build, and from the push to its end',
        `${amount(seconds.build)} and ${amount(seconds.push)}`,
      ],
    ],
  );
}

function quotasTable(counts: Counts): string {
  const all = SIZES.map((size) => loads(counts, size));
  const rows = (all[0] ?? []).map(({ what, limit, only, above, source }, row) => [
    only === undefined ? what : `${what}, if \`${only}\` built all`,
    limit === 'unknown' ? 'not found' : limit.toLocaleString('en'),
    ...all.map((size) => amount(size[row]?.peak ?? 0)),
    all.at(-1)?.[row]?.above ?? above,
    source,
  ]);
  return markdown(
    [
      'at the worst moment of a month',
      'limit',
      ...SIZES.map((size) => `${size.toLocaleString('en')} pushes`),
      'above it',
      'source',
    ],
    rows,
  );
}

function broken(counts: Counts, size: number): string {
  const { what, used } = firstToBreak(loads(counts, size));
  const { perMonth, load } = ceiling(counts);
  const line = `- ${size.toLocaleString('en')} pushes a month: nearest to its limit is "${what}", at ${(used * 100).toFixed(used < 0.1 ? 1 : 0)} %.`;
  if (size !== SIZES.at(-1)) return line;
  return `${line}\n- The first limit that others set is "${load.what}", reached at about ${perMonth.toLocaleString('en')} pushes a month.`;
}

function amount(value: number): string {
  if (value === 0) return '0';
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value >= 0.01 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

function dollars(value: number): string {
  return value >= 0.1 || value === 0 ? `$${value.toFixed(2)}` : `$${value.toFixed(6)}`;
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** `text` with every table in its place, between `<!-- NAME -->` and `<!-- /NAME -->`. */
export function withTables(text: string, counts: Counts): string {
  return Object.entries(tables(counts)).reduce((so, [name, table]) => {
    const place = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
    if (!place.test(so)) throw new Error(`docs/costs.md has no place for the table ${name}`);
    return so.replace(place, (_, begin: string, end: string) => `${begin}${table}\n${end}`);
  }, text);
}

import type { NewCluster } from './config.ts';
import type { Mistake } from './mistake.ts';
import type { ClusterEntry } from './types.ts';

/** A VPC of ours has two: templates are written without asking an account which zones it has, and each region has two. */
const ZONES = 2;

const regionOf = (zone: string) => zone.slice(0, -1);

/** The zones that are named for a new cluster in `region`; none where CloudFormation's first two will do. */
export function zonesIn({ zones }: Pick<NewCluster, 'zones'>, region: string | undefined): readonly string[] {
  return zones.filter((zone) => regionOf(zone) === region);
}

/** What is wrong with the zones of a new cluster: of which region each is, its name tells. */
export function zoneMistakes(cluster: ClusterEntry | undefined, regions: readonly string[]): Mistake[] {
  const zones = cluster !== undefined && 'new' in cluster ? (cluster.new?.zones ?? []) : [];
  const field = 'cluster.new.zones';
  const mistakes = zones.flatMap((zone, at): Mistake[] => {
    const place = `${field}[${at}]`;
    if (zones.indexOf(zone) !== at) return [{ field: place, message: `'${zone}' stands there twice` }];
    if (regions.includes(regionOf(zone))) return [];
    const others = regions.length === 0 ? 'name it in regions' : `regions are ${regions.join(', ')}`;
    return [{ field: place, message: `'${zone}' is of ${regionOf(zone)}: ${others}` }];
  });
  if (mistakes.length > 0) return mistakes;
  return [...Map.groupBy(zones, regionOf)]
    .filter(([, named]) => named.length !== ZONES)
    .map(([region, named]) => ({
      field,
      message: `has to name ${ZONES} zones of ${region}, and names ${named.length}`,
    }));
}

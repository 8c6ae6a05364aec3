import { createHash } from 'node:crypto';
import type { Place } from './types.ts';

/** Where something runs, or why it cannot have a place. */
export type Placed = { place: Place } | { refused: string };

const PREFIX = 'preview-';
/** Hexadecimal digits: among branches that are spelled alike, two in a million million share them. */
const HASH = 10;
/** An environment's name has 53 characters at most, as a Helm release's has. */
const LONGEST_SLUG = 53 - PREFIX.length;
/** A label's value has 63 characters, and `<app>-<environment>` is one (lib/release/labels.ts). */
const LONGEST_LABEL = 63;
/** A letter, a hyphen and the hash. */
const SHORTEST_ROOM = HASH + 2;

/** The environment whose names are the app's own: its namespace, its host names. */
const PRODUCTION = 'production';
/** Before the name of any other environment that a configuration names. */
const NAMED = '--env--';

/** Where the environment of that name runs, which a configuration gives a branch. */
export function placeOf(app: string, name: string): Place {
  return name === PRODUCTION ? production(app) : { name, namespace: `${app}${NAMED}${name}` };
}

export function production(app: string): Place {
  return { name: PRODUCTION, namespace: app };
}

/**
 * Whether an environment comes and goes with a branch or a pull request. Any other one is there because a configuration
 * names it.
 */
export function isPreview({ name }: Pick<Place, 'name'>): boolean {
  return name.startsWith(PREFIX);
}

/** Why a configuration cannot have an environment of that name; undefined where it can. */
export function whyNoEnvironment(app: string, name: string): string | undefined {
  if (name.includes('--')) return 'is no name here: it has two hyphens in a row';
  if (name === 'preview' || isPreview({ name })) return 'is no name here: those of previews begin with it';
  const { namespace } = placeOf(app, name);
  const over = Math.max(namespace.length, `${app}-${name}`.length) - LONGEST_LABEL;
  if (over <= 0) return undefined;
  return `is ${over} characters too long: the namespace ${namespace} may have ${LONGEST_LABEL} (give the app a shorter name)`;
}

/**
 * Where a branch of `app` is previewed. Two branches never have one name: a slug that says less than the branch, or that
 * could be made from another one, ends in a hash of the branch. Two hyphens stand in the namespace because no app has
 * them in its name, nor a slug: `web` with a branch `api` is not where the app `web-api` runs, nor its branch
 * `env-staging` where the environment `staging` does.
 */
export function previewOfBranch(app: string, branch: string): Placed {
  const room = roomBeside(app);
  if (room < SHORTEST_ROOM) return tooLong(app);
  return { place: place(app, slugOf(branch, room)) };
}

/** Where the pull request of a fork is previewed: what its branch is called there says nothing here. */
export function previewOfPull(app: string, number: number): Placed {
  const slug = `pr-${number}`;
  return roomBeside(app) < Math.max(SHORTEST_ROOM, slug.length) ? tooLong(app) : { place: place(app, slug) };
}

function place(app: string, slug: string): Place {
  return { name: `${PREFIX}${slug}`, namespace: `${app}--${slug}` };
}

function roomBeside(app: string): number {
  return Math.min(LONGEST_SLUG, LONGEST_LABEL - app.length - 1 - PREFIX.length);
}

function tooLong(app: string): Placed {
  const most = LONGEST_LABEL - 1 - PREFIX.length - SHORTEST_ROOM;
  return {
    refused: `the app's name has ${app.length} characters, and previews need one of ${most} at most`,
  };
}

/** A DNS label of `room` characters at most; another one for every other branch. */
function slugOf(branch: string, room: number): string {
  const slug = branch
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const says = slug === branch && slug.length <= room;
  // What ends like a hash, or is called like a fork's pull request, would meet a name that is made.
  if (says && !/(^|-)[0-9a-f]{10}$/.test(slug) && !/^pr-\d+$/.test(slug)) return slug;
  const hash = createHash('sha256').update(branch).digest('hex').slice(0, HASH);
  const head = slug.slice(0, room - HASH - 1).replace(/-$/, '');
  return head === '' ? hash : `${head}-${hash}`;
}

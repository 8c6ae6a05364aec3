import { createHash } from 'node:crypto';
import { WEB } from '../app/name.ts';
import type { Track } from './types.ts';

/** The longest DNS label, and the longest value of a label. */
const LONGEST = 63;

/** `name` itself, or where it is too long its beginning and a hash of all of it. */
export function shortName(name: string, longest = LONGEST): string {
  if (name.length <= longest) return name;
  return `${name.slice(0, longest - 9).replace(/[-.]+$/, '')}-${hash(name, 8)}`;
}

/** The first hexadecimal digits of the SHA-256 of `text`. */
export function hash(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

/** The name of what belongs to a process: `shop` of its web, `shop-worker` of its worker. */
export function processName(app: string, process: string): string {
  return process === WEB ? app : shortName(`${app}-${process}`);
}

/** The name of the Deployment of the web process: `shop`, `shop-green`. */
export function trackName(app: string, track: Track): string {
  return track === 'stable' ? app : shortName(`${app}-${track}`);
}

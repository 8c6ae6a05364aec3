import type { Repository } from '../types.ts';
import type { Limits } from '../unpack.ts';

/** A repository that git reads over HTTPS. */
export interface Remote {
  /** `https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/web` */
  url: string;
  /** What gitPassword() makes. */
  password: string | undefined;
}

/** Which files go where. */
export interface CheckOut {
  commit: string;
  directory: string;
  /** For errors. */
  operation: string;
  limits?: Limits;
}

/** Where git finds a repository. `base` is `https://git-codecommit.eu-west-1.amazonaws.com`. */
export function repositoryUrl(base: string, { name }: Repository): string {
  return `${base.replace(/\/+$/, '')}/v1/repos/${encodeURIComponent(name)}`;
}

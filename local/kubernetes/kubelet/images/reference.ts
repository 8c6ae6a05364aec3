/** An image's name taken apart. */
export interface ImageReference {
  /** As written in the pod. */
  text: string;
  /** `docker.io` when the name has none. */
  host: string;
  /** `library/nginx` */
  path: string;
  /** Tag or digest, as the registry's manifest route takes it. */
  version: string;
  digest?: string;
}

/** Where a manifest may be: registry `host[:port]`, spoken to over plain HTTP, and repository in it. */
export interface Place {
  host: string;
  path: string;
}

/**
 * Takes an image name apart as docker does: the first part is a host when it has a dot, a colon or is `localhost`.
 * Source: distribution/reference.
 * @throws InvalidImageName
 */
export function parseReference(text: string): ImageReference {
  const [, name = '', tag, digest] =
    /^([^@]+?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? [];
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const hasHost = /[.:]/.test(first) || first === 'localhost';
  const rest = hasHost ? name.slice(slash + 1) : name;
  const host = hasHost ? first : 'docker.io';
  const path = host === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest;
  if (!/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(path)) throw new InvalidImageName(text);
  return { text, host, path, version: digest ?? tag ?? 'latest', ...(digest !== undefined && { digest }) };
}

export class InvalidImageName extends Error {
  constructor(text: string) {
    super(
      `Failed to apply default image tag "${text}": couldn't parse image name "${text}": invalid reference format`,
    );
    this.name = 'InvalidImageName';
  }
}

/**
 * Where to look for the image, in this order. A registry on this machine is what it says it is; for all others the
 * local registry stands in, which has an image under its path or, as a mirror, under its host and path.
 */
export function placesOf({ host, path }: ImageReference, registryHost: string): Place[] {
  if (/^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host)) return [{ host, path }];
  return [
    { host: registryHost, path },
    { host: registryHost, path: `${host}/${path}` },
  ];
}

/** Whether the tag may come to mean other content, so that each pod start has to ask the registry. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  const { version } = parseReference(image);
  return version === 'latest' ? 'Always' : 'IfNotPresent';
}

/** The hosts that are spoken to over plain HTTP, beside this machine itself. */
export type InsecureHosts = readonly string[];

/** Where the registry named `host` answers, as `scheme://host[:port]`: docker.io has its API at another address. */
export function originOf(host: string, insecure: InsecureHosts): string {
  if (host === 'docker.io') return 'https://registry-1.docker.io';
  return `${mayBePlain(host, insecure) ? 'http' : 'https'}://${host}`;
}

/** Whether plain HTTP will do: on this machine's loopback, as for docker, and where it was configured. */
function mayBePlain(host: string, insecure: InsecureHosts): boolean {
  return isLoopback(host) || insecure.includes(host);
}

/** Whether a request to `url` would send it in the clear to where that was not allowed. */
export function isExposed(url: URL, insecure: InsecureHosts): boolean {
  return url.protocol === 'http:' && !mayBePlain(url.host, insecure);
}

function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '');
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

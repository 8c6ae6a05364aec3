/** A webhook of a repository, as its host shows it: no host shows the secret. */
export interface Webhook {
  /** The host's own; empty for one that is not there yet. */
  id: string;
  url: string;
  /** In the host's own words. */
  events: readonly string[];
  active: boolean;
  /** How the payload is written: `json`, `form`. */
  contentType: string;
  /** Whether the host looks at the certificate of what it sends to. */
  verifies: boolean;
  /** What a branch has to fit for its pushes to be told; empty for every branch. */
  filter: string;
  /** Whether there is a secret at all; undefined where the host does not say. */
  hasSecret: boolean | undefined;
  /** What else it has, which goes back to the host as it was. */
  kept: Readonly<Record<string, unknown>>;
}

/** What a webhook has to be. */
export interface Wanted {
  url: string;
  events: readonly string[];
}

/** What has to be done so that there is exactly one that is as wanted. `doubles` send to the same URL. */
export type Plan =
  | { is: 'make' }
  | { is: 'mend'; webhook: Webhook; faults: readonly string[]; doubles: readonly Webhook[] }
  /** All that its host shows is as wanted. */
  | { is: 'keep'; webhook: Webhook };

/** `found`: those that send to the URL that is wanted. The one that has the least wrong with it stays. */
export function planFor(found: readonly Webhook[], wanted: Wanted): Plan {
  const [first, ...doubles] = found.toSorted(
    (one, other) => faultsOf(one, wanted).length - faultsOf(other, wanted).length,
  );
  if (first === undefined) return { is: 'make' };
  const twice = doubles.length === 0 ? [] : [`there were ${found.length} of it`];
  const faults = [...faultsOf(first, wanted), ...twice];
  return faults.length === 0
    ? { is: 'keep', webhook: first }
    : { is: 'mend', webhook: first, faults, doubles };
}

/** What is wrong with it, in words that follow `it`-less: `it was switched off`. */
function faultsOf(webhook: Webhook, { events }: Wanted): string[] {
  const missing = missingEvents(webhook, events);
  return [
    ...(missing.length === 0 ? [] : [`it did not send ${missing.join(', ')}`]),
    ...(webhook.active ? [] : ['it was switched off']),
    ...(webhook.contentType === 'json' ? [] : [`it sent ${webhook.contentType} in place of JSON`]),
    ...(webhook.verifies ? [] : ['it did not verify the certificate']),
    ...(webhook.filter === '' ? [] : [`it sent pushes of ${webhook.filter} alone`]),
    ...(webhook.hasSecret === false ? ['it had no secret'] : []),
  ];
}

/** Those that are wanted, and are not sent; `*` is all of GitHub's. */
function missingEvents({ events: sent }: Webhook, wanted: readonly string[]): string[] {
  return sent.includes('*') ? [] : wanted.filter((event) => !sent.includes(event));
}

/** As it is wanted. Events that somebody else has chosen stay: what has no use is ignored. */
export function mended(webhook: Webhook, wanted: Wanted): Webhook {
  const events = [...webhook.events, ...missingEvents(webhook, wanted.events)];
  return { ...webhook, events, active: true, contentType: 'json', verifies: true, filter: '' };
}

/** One that is as wanted, and not there yet. */
export function fresh({ url, events }: Wanted): Webhook {
  const right = { active: true, contentType: 'json', verifies: true, filter: '', hasSecret: true };
  return { id: '', url, events, ...right, kept: {} };
}

/** Whether two URLs lead to the same place: the case of a host, and a slash at the end, make no difference. */
export function isSameUrl(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

function plain(url: string): string {
  return (URL.parse(url)?.href ?? url).replace(/\/+$/, '');
}

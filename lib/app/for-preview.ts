import type { App, Ingress, Process } from './types.ts';

/** By which external-dns takes host names for a Service or an Ingress. */
const NAMES = 'external-dns.alpha.kubernetes.io/';

/**
 * The app as the environment `name` runs it beside production: never at a host name that is production's. Where the
 * file says none of its own for previews, it is `SLUG.HOST`, with the slug of the preview; an Ingress for any host, or for
 * the wildcard of production, is left out, since it would take requests that are not its own.
 */
export function forPreview(app: App, production: App | undefined, name: string): App {
  const { ingress, ...rest } = app;
  const other = ingress && beside(ingress, production?.ingress, name.replace(/^preview-/, ''));
  return {
    ...rest,
    processes: app.processes.map((process) => {
      const theirs = production?.processes.find((one) => one.name === process.name);
      return nameless(process, theirs);
    }),
    ...(other && { ingress: other }),
  };
}

function beside(ingress: Ingress, production: Ingress | undefined, slug: string): Ingress | undefined {
  const { host, annotations } = ingress;
  if (host === undefined || (host === production?.host && host.startsWith('*'))) return undefined;
  return {
    ...ingress,
    host: host === production?.host ? `${slug}.${host}` : host,
    annotations: without(annotations, production?.annotations),
  };
}

function nameless(process: Process, production: Process | undefined): Process {
  const annotations = without(process.service.annotations, production?.service.annotations);
  return { ...process, service: { ...process.service, annotations } };
}

/** Without the names that production has taken. */
function without(annotations: Record<string, string>, production: Record<string, string> = {}) {
  return Object.fromEntries(
    Object.entries(annotations).filter(
      ([key, value]) => !(key.startsWith(NAMES) && production[key] === value),
    ),
  );
}

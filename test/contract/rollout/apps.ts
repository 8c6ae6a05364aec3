import { decideApp } from '../../../lib/app/decide.ts';
import type { Quota } from '../../../lib/release/grounds.ts';
import { render } from '../../../lib/release/render.ts';
import type { Release } from '../../../lib/release/types.ts';

let last = 0;

/** A name that no earlier run used: of an app, and of its namespace. */
export function freshName(): string {
  return `t${Date.now().toString(36)}${(last++).toString(36)}`;
}

/** What a test says about a release; everything else is an ordinary one of the probe program. */
export interface Wanted {
  name: string;
  image: string;
  number: number;
  /** What it answers. */
  version: string;
  mode?: string;
  /** Further lines of fairlead.yaml. */
  file?: string;
  /** Further variables. */
  env?: Record<string, string>;
  /** What takes the requests now. */
  serving?: Release;
  /** Of the secrets in its file, by id. */
  secretVersions?: Record<string, string>;
  /** Seconds; enough for a machine that has other things to do. */
  patience?: number;
  /** Of a preview. */
  quota?: Quota;
}

const FILE = `
port: 8080
health: /readyz
resources: { requests: { cpu: 10m, memory: 16Mi } }`;

export function releaseOf({
  name,
  image,
  number,
  version,
  mode = '',
  file = '',
  env = {},
  serving,
  secretVersions,
  quota,
  patience = 25,
}: Wanted): Release {
  const variables = { VERSION: version, MODE: mode, ...env };
  const lines = Object.entries(variables).map(([key, value]) => `  ${key}: "${value}"`);
  const app = decideApp({
    name,
    file: [FILE, `patience: ${patience}`, file, 'env:', ...lines].join('\n'),
    image: { exposedPorts: [] },
    defaults: { service: 'NodePort' },
  });
  return render({
    app,
    image,
    environment: { name: 'production', namespace: name },
    commit: version.repeat(40).slice(0, 40),
    number,
    createdAt: new Date(),
    ...(serving && { serving }),
    ...(secretVersions && { secretVersions }),
    ...(quota && { quota }),
  });
}

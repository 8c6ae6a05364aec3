import { describe, expect, test } from 'vitest';
import { decideApp } from '../../../lib/app/decide.ts';
import { forFork } from '../../../lib/app/for-fork.ts';
import { forPreview } from '../../../lib/app/for-preview.ts';
import type { App, ServiceType } from '../../../lib/app/types.ts';
import type { LoadBalancerScheme } from '../../../lib/load-balancer-scheme.ts';
import { make, one } from './making.ts';

const SCHEME = 'service.beta.kubernetes.io/aws-load-balancer-scheme';
const INTERNAL = 'service.beta.kubernetes.io/aws-load-balancer-internal';
const HOST_NAME = 'external-dns.alpha.kubernetes.io/hostname';

function decided(loadBalancers?: LoadBalancerScheme, file = '', service: ServiceType = 'LoadBalancer'): App {
  const image = { exposedPorts: [8080] };
  return decideApp({
    ...{ name: 'web', file, image },
    defaults: { service, ...(loadBalancers !== undefined && { loadBalancers }) },
  });
}

const annotationsOf = (app: App, name = 'web') =>
  one(make('', { app }).resources, 'Service', name).metadata.annotations as Record<string, string>;
const schemeOf = (app: App, name?: string) => annotationsOf(app, name)[SCHEME];

describe('from where a load balancer is reached', () => {
  test.each(['internet-facing', 'internal'] as const)(
    'is what the installation says, of every process: %s',
    (scheme) => {
      const app = decided(scheme, 'processes: { admin: { port: 9000, service: LoadBalancer } }');
      expect(schemeOf(app)).toBe(scheme);
      expect(schemeOf(app, 'web-admin')).toBe(scheme);
    },
  );

  test('is left to the cluster where the installation says nothing', () => {
    expect(annotationsOf(decided())).not.toHaveProperty([SCHEME]);
  });

  test('is what the app says, where it says it', () => {
    const said = (annotation: string) => `service: { annotations: { ${annotation} } }`;
    expect(schemeOf(decided('internal', said(`${SCHEME}: internet-facing`)))).toBe('internet-facing');
    expect(schemeOf(decided('internet-facing', said(`${SCHEME}: internal`)))).toBe('internal');
    // Beside the older annotation ours would win, and open to everybody what was meant for the VPC.
    const older = annotationsOf(decided('internet-facing', said(`${INTERNAL}: "true"`)));
    expect(older).toMatchObject({ [INTERNAL]: 'true' });
    expect(older).not.toHaveProperty([SCHEME]);
  });

  test('stands beside other annotations of the app', () => {
    const app = decided('internal', `service: { annotations: { ${HOST_NAME}: shop.example.com } }`);
    expect(annotationsOf(app)).toMatchObject({ [SCHEME]: 'internal', [HOST_NAME]: 'shop.example.com' });
  });

  test.each(['NodePort', 'ClusterIP'] as const)('is nothing that a %s has', (type) => {
    expect(annotationsOf(decided('internet-facing', '', type))).not.toHaveProperty([SCHEME]);
    expect(annotationsOf(decided('internet-facing', `service: ${type}`))).not.toHaveProperty([SCHEME]);
  });

  test('is what the app says in previews, and the installation alone in those of forks', () => {
    const file = `service: { annotations: { ${SCHEME}: internet-facing, ${HOST_NAME}: shop.example.com } }`;
    const app = decided('internal', file);
    const preview = forPreview(app, app, 'preview-blue');
    expect(schemeOf(preview)).toBe('internet-facing');
    const fork = annotationsOf(forFork(preview));
    expect(fork).toMatchObject({ [SCHEME]: 'internal' });
    expect(fork).not.toHaveProperty([HOST_NAME]);
    expect(schemeOf(forFork(decided('internet-facing')))).toBe('internet-facing');
  });
});

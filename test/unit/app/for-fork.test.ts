import { describe, expect, test } from 'vitest';
import { decideApp } from '../../../lib/app/decide.ts';
import { forFork } from '../../../lib/app/for-fork.ts';

const decided = (file: string) =>
  decideApp({
    name: 'web',
    file,
    environment: 'preview-pr-7',
    image: { exposedPorts: [8080], user: '1000' },
    defaults: { service: 'LoadBalancer' },
  });

describe('the app as a fork may run it', () => {
  test('has no secrets, no rights of a role, no host names and no annotations that reach outside', () => {
    const app = decided(`
secrets: { TOKEN: { secretsManager: prod/token }, OTHER: { kubernetes: other } }
serviceAccount: { annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::1:role/prod" } }
ingress: { host: shop.example.com }
service: { type: LoadBalancer, annotations: { external-dns.alpha.kubernetes.io/hostname: shop.example.com } }
capabilities: [SYS_ADMIN, NET_BIND_SERVICE]
security: as-is
`);
    const fork = forFork(app);
    expect(fork).toMatchObject({
      secrets: {},
      serviceAccount: { annotations: {} },
      security: { standard: 'restricted' },
      processes: [{ service: { type: 'LoadBalancer', annotations: {} }, capabilities: ['NET_BIND_SERVICE'] }],
    });
    expect(fork).not.toHaveProperty('ingress');
    expect(JSON.stringify(fork)).not.toMatch(/prod|example\.com|SYS_ADMIN/);
  });

  test('is otherwise what it says', () => {
    const app = decided('env: { GREETING: hello }\nreplicas: 3\n');
    expect(forFork(app)).toEqual(app);
  });

  test('is not what manifests of its own say', () => {
    expect(() => forFork(decided('manifests: deploy\n'))).toThrow(/manifests of a fork are not applied/);
  });
});

import { describe, expect, test } from 'vitest';
import {
  buildImageEnvironment,
  deployEnvironment,
  operateEnvironment,
  receivePushEnvironment,
  rollOutEnvironment,
  sweepEnvironment,
  watchAlarmEnvironment,
} from '../../../lambdas/env.ts';
import { NO_PREVIEWS } from '../../../lib/push/previews.ts';
import { longest } from '../../../lib/source/request.ts';
import { STATUS_ATTEMPTS } from '../../../lib/source/statuses.ts';
import { FUNCTIONS, type Installation } from '../../../lib/stacks/functions.ts';

describe('the environment of a function', () => {
  test('is read, with defaults for what may be missing', () => {
    const read = receivePushEnvironment({
      DEPLOY_FUNCTION: 'deploy:live',
      SWEEP_FUNCTION: 'sweep:live',
      WEBHOOK_SECRET_ID: 'hook',
      HOME: '/',
    });
    expect(read).toEqual({
      deployFunction: 'deploy:live',
      sweepFunction: 'sweep:live',
      webhookSecretId: 'hook',
      deploys: { branch: 'main', previews: NO_PREVIEWS },
    });
  });

  test('names every variable that is missing, empty or wrong', () => {
    const wrong = () =>
      deployEnvironment({ LEDGER_TABLE: '', SERVICE_TYPE: 'Ingress', GITHUB_API_URL: 'ftp://x' });
    expect(wrong).toThrow(/LEDGER_TABLE is not set/);
    expect(wrong).toThrow(/BUILD_FUNCTION is not set/);
    expect(wrong).toThrow(/SERVICE_TYPE: /);
    expect(wrong).toThrow(/GITHUB_API_URL: /);
  });

  test('reads mirrors from JSON and hosts from a list', () => {
    const read = buildImageEnvironment({
      GITHUB_API_URL: 'http://127.0.0.1:1/api/v3/',
      REGISTRY_MIRRORS: '{"*":"localhost:5000"}',
      INSECURE_REGISTRIES: 'a:1, b,',
      CACHE_DIR: '',
      LOCAL_ADDRESSES: 'allowed',
      GOPROXY: 'off',
    });
    expect(read).toMatchObject({
      go: { GOPROXY: 'off' },
      gitHubUrl: 'http://127.0.0.1:1/api/v3',
      gitHubTokenSecretId: undefined,
      mirrors: { '*': 'localhost:5000' },
      insecure: ['a:1', 'b'],
      network: { refuse: 'nothing' },
      cacheDirectory: undefined,
    });
    expect(buildImageEnvironment({ GITHUB_API_URL: 'http://x' }).network.refuse).toBe('local-addresses');
    expect(buildImageEnvironment({ GITHUB_API_URL: 'http://x' }).isolation).toBe('required');
    const broken = { GITHUB_API_URL: 'http://x', REGISTRY_MIRRORS: '{' };
    expect(() => buildImageEnvironment(broken)).toThrow(/REGISTRY_MIRRORS: is not JSON/);
  });
});

describe('what lib/stacks/functions.ts sets', () => {
  const READERS = {
    'receive-push': receivePushEnvironment,
    deploy: deployEnvironment,
    'build-image': buildImageEnvironment,
    'roll-out': rollOutEnvironment,
    sweep: sweepEnvironment,
    'watch-alarm': watchAlarmEnvironment,
    operate: operateEnvironment,
  };
  const installation: Installation = {
    branch: 'trunk',
    previews: {
      of: 'branches',
      branches: ['f/*'],
      ttl: 60,
      most: 3,
      quota: { cpu: '2', memory: '2Gi', pods: 3 },
    },
    webhookSecretId: 'hook',
    hostTokenSecretId: 'token',
    hostApiUrl: 'https://git.test/api/v3',
    ledgerTable: 'ledger',
    imageRepositoryPrefix: 'registry.test/fairlead',
    registryMirrors: { '*': 'mirror.test' },
    insecureRegistries: ['plain.test'],
    clusterName: 'cluster',
    serviceType: 'LoadBalancer',
    cacheDirectory: '/cache',
    runIsolation: 'if-possible',
    platform: 'linux/s390x',
    microVm: {
      image: 'arn:image',
      version: '3.0',
      platform: 'linux/riscv64',
      secretId: 'vm-key',
      lentRole: 'arn:lent',
    },
  };

  test.each(FUNCTIONS)('is all that $name reads, and is read under the same names', (definition) => {
    const read = READERS[definition.name];
    const set = definition.environment(installation, {
      deploy: 'd:1',
      buildImage: 'b:1',
      rollOut: 'r:1',
      sweep: 's:1',
    });
    const all = JSON.stringify(read(set));
    for (const name of Object.keys(set)) {
      const { [name]: _, ...others } = set;
      const less = () => JSON.stringify(read(others));
      let without: string | undefined;
      try {
        without = less();
      } catch {
        continue;
      }
      expect(without, `${name} is not read`).not.toBe(all);
    }
  });
});

test('an invocation of deploy outlasts a git host that does not answer, in the step that asks it most', () => {
  const deploy = FUNCTIONS.find(({ name }) => name === 'deploy');
  const claim = longest() + longest(STATUS_ATTEMPTS);
  // The ledger is asked beside that.
  expect((deploy?.timeout ?? 0) * 1000).toBeGreaterThan(claim + 30_000);
});

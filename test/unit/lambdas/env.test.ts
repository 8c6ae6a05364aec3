import { afterAll, describe, expect, test } from 'vitest';
import {
  buildImageEnvironment,
  deployEnvironment,
  operateEnvironment,
  receivePushEnvironment,
  rollOutEnvironment,
  sweepEnvironment,
  watchAlarmEnvironment,
} from '../../../lambdas/env.ts';
import { ANY_APP } from '../../../lib/push/installation.ts';
import { longest, STATUS_ATTEMPTS } from '../../../lib/source/request.ts';
import { FUNCTIONS, type Installation } from '../../../lib/stacks/functions.ts';
import { installationFile, withPreviews } from './installation-file.ts';

describe('the environment of a function', () => {
  test('is read, with defaults for what may be missing', () => {
    const read = receivePushEnvironment({
      DEPLOY_FUNCTION: 'deploy:live',
      SWEEP_FUNCTION: 'sweep:live',
      WEBHOOK_SECRET_IDS: '{"github":"hook","gitea":"another"}',
      HOME: '/',
    });
    expect(read).toEqual({
      deployFunction: 'deploy:live',
      sweepFunction: 'sweep:live',
      webhookSecretIds: { github: 'hook', gitea: 'another' },
      deploys: ANY_APP,
    });
  });

  test('names every variable that is missing, empty or wrong', () => {
    const wrong = () =>
      deployEnvironment({ LEDGER_TABLE: '', SERVICE_TYPE: 'Ingress', HOST_API_URLS: '{"github":"ftp://x"}' });
    expect(wrong).toThrow(/LEDGER_TABLE is not set/);
    expect(wrong).toThrow(/BUILD_FUNCTION is not set/);
    expect(wrong).toThrow(/SERVICE_TYPE: /);
    expect(wrong).toThrow(/HOST_API_URLS: /);
  });

  test('reads mirrors from JSON and hosts from a list', () => {
    const read = buildImageEnvironment({
      HOST_API_URLS: '{"github":"http://127.0.0.1:1/api/v3/","gitlab":"http://g/api/v4"}',
      HOST_TOKEN_SECRET_IDS: '{"gitlab":"token"}',
      REGISTRY_MIRRORS: '{"*":"localhost:5000"}',
      INSECURE_REGISTRIES: 'a:1, b,',
      CACHE_DIR: '',
      LOCAL_ADDRESSES: 'allowed',
      GOPROXY: 'off',
    });
    expect(read).toMatchObject({
      go: { GOPROXY: 'off' },
      hosts: {
        github: { apiUrl: 'http://127.0.0.1:1/api/v3' },
        gitlab: { apiUrl: 'http://g/api/v4', tokenSecretId: 'token' },
      },
      mirrors: { '*': 'localhost:5000' },
      insecure: ['a:1', 'b'],
      network: { refuse: 'nothing' },
      cacheDirectory: undefined,
    });
    expect(buildImageEnvironment({ HOST_API_URLS: '{"github":"http://x"}' }).network.refuse).toBe(
      'local-addresses',
    );
    expect(buildImageEnvironment({ HOST_API_URLS: '{"github":"http://x"}' }).isolation).toBe('required');
    const broken = { HOST_API_URLS: '{"github":"http://x"}', REGISTRY_MIRRORS: '{' };
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
  const file = installationFile(withPreviews({ of: 'branches' }));
  afterAll(() => file.remove());
  const installation: Installation = {
    installationFile: file.path,
    webhookSecretIds: { github: 'hook' },
    hostTokenSecretIds: { github: 'token' },
    hostApiUrls: { github: 'https://git.test/api/v3' },
    ledgerTable: 'ledger',
    deadLettersUrl: 'https://sqs.test/1/letters',
    stuckAfter: 600,
    imageRepositoryPrefix: 'registry.test/fairlead',
    registryMirrors: { '*': 'mirror.test' },
    insecureRegistries: ['plain.test'],
    clusterName: 'cluster',
    serviceType: 'LoadBalancer',
    loadBalancers: 'internal',
    cacheDirectory: '/cache',
    runIsolation: 'if-possible',
    platform: 'linux/s390x',
    microVm: {
      image: 'arn:image',
      version: '3.0',
      platform: 'linux/riscv64',
      secretId: 'vm-key',
    },
    lentRole: 'arn:lent',
    lentTable: 'lent',
  };

  test.each(FUNCTIONS)('is all that $name reads, and is read under the same names', (definition) => {
    const read = READERS[definition.name];
    const set = definition.environment(installation, {
      deploy: 'd:1',
      buildImage: 'b:1',
      rollOut: 'r:1',
      sweep: 's:1',
      receive: 'receive',
      watchAlarm: 'watch',
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

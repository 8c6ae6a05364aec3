import { describe, expect, it } from 'vitest';
import { decideApp } from '../../../lib/app/decide.ts';
import type { ImageFacts } from '../../../lib/app/types.ts';

const decide = (file?: string, image: Partial<ImageFacts> = {}, name = 'web') =>
  decideApp({
    name,
    ...(file !== undefined && { file }),
    image: { exposedPorts: [8080], ...image },
    defaults: { service: 'ClusterIP' },
  });

it('needs no file', () => {
  expect(decide()).toEqual({
    name: 'web',
    port: 8080,
    replicas: 2,
    env: {},
    command: undefined,
    args: undefined,
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: {} },
    health: { by: 'tcp' },
    service: 'ClusterIP',
    runAs: undefined,
    architecture: undefined,
    capabilities: [],
    patience: 60,
    terminationGracePeriod: 30,
  });
  expect(decide('# nothing yet\n')).toEqual(decide());
});

it('takes everything from the file that it says', () => {
  const file = `
port: 3000
replicas: 1
env: { MODE: fast, DEBUG: true, VERSION: 1.10, EMPTY: "", WORD: on }
command: [/bin/server]
args: [--verbose]
resources: { requests: { cpu: 1 }, limits: { memory: 64Mi } }
health: /healthz?full=1
service: LoadBalancer
patience: 300
terminationGracePeriod: 0
capabilities: [CHOWN]
`;
  expect(decide(file)).toMatchObject({
    port: 3000,
    replicas: 1,
    // As they are written: YAML would make 1.1 of 1.10.
    env: { MODE: 'fast', DEBUG: 'true', VERSION: '1.10', EMPTY: '', WORD: 'on' },
    command: ['/bin/server'],
    args: ['--verbose'],
    // A default request above the limit would be refused by the cluster.
    resources: { requests: { cpu: '1' }, limits: { memory: '64Mi' } },
    health: { by: 'http', path: '/healthz?full=1' },
    service: 'LoadBalancer',
    patience: 300,
    terminationGracePeriod: 0,
    capabilities: ['CHOWN'],
  });
});

describe('the port', () => {
  it('is the lowest that the image exposes', () => {
    expect(decide('', { exposedPorts: [9090, 8080] }).port).toBe(8080);
  });
  it('is PORT of the image where it exposes none, the last one set', () => {
    expect(decide('', { exposedPorts: [], env: ['PORT=1', 'PATH=/bin', 'PORT=5000'] }).port).toBe(5000);
  });
  it.each([[[]], [['PORT=']], [['PORT=http']], [['PORT=0']], [['PORT=70000']]])(
    'has to be said somewhere (%j)',
    (env) => {
      expect(() => decide('', { exposedPorts: [], env })).toThrow(
        'the image says no port: its Dockerfile has neither EXPOSE nor ENV PORT (deciding which port the app listens on); ' +
          'add `EXPOSE 8080` (the port that the app listens on) to the Dockerfile, or `port: 8080` to fairlead.yaml',
      );
    },
  );
  it('is not a variable', () => {
    expect(() => decide('env: { PORT: 3000 }')).toThrow('write `port: 3000` at the top level instead');
  });
});

it.each([
  ['1000', 1000],
  ['1000:1000', 1000],
  ['0', undefined],
  ['0:0', undefined],
  ['root', undefined],
  ['nobody', undefined],
  ['', undefined],
])('runs as user %j of the image: %s', (user, runAs) => {
  expect(decide('', { user }).runAs).toBe(runAs);
});

it.each(['Web', '1web', 'web_1', 'web-', '', 'a'.repeat(64), 'a.b'])('refuses the name %j', (name) => {
  expect(() => decide('', {}, name)).toThrow(`'${name}' is no name for the app in the cluster`);
});

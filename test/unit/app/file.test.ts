import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseAppFile } from '../../../lib/app/file.ts';
import { FairleadError } from '../../../lib/errors.ts';

function mistake(text: string): string {
  try {
    parseAppFile(text);
  } catch (error) {
    if (error instanceof FairleadError) return `${error.fault.place}: ${error.fault.cause}`;
    throw error;
  }
  return 'none';
}

it.each([
  ['replica: 3', 'fairlead.yaml:1:1: unknown key replica; did you mean replicas?'],
  [
    'port: 80\nresources:\n  limits:\n    mem: 1Gi',
    'fairlead.yaml:4:5: unknown key resources.limits.mem; allowed are cpu, memory',
  ],
  [
    'volumes: []',
    'fairlead.yaml:1:1: unknown key volumes; allowed are port, command, args, replicas, scale, resources, health, liveness, service, terminationGracePeriod, capabilities, processes, env, secrets, config, ingress, serviceAccount, security, user, jobs, cron, strategy, bake, patience, manifests, engine, platform, environments',
  ],
  [
    '# first\nport: "8080"',
    'fairlead.yaml:2:7: port has to be a TCP port, 1 to 65535, or none for a program that takes no requests',
  ],
  [
    'port: 70000',
    'fairlead.yaml:1:7: port has to be a TCP port, 1 to 65535, or none for a program that takes no requests',
  ],
  ['replicas: 0', 'fairlead.yaml:1:11: replicas has to be a whole number, 1 to 1000'],
  ['replicas: 1.5', 'fairlead.yaml:1:11: replicas has to be a whole number, 1 to 1000'],
  [
    'service: Ingress',
    'fairlead.yaml:1:10: service has to be one of ClusterIP, NodePort, LoadBalancer, or type, port, class and annotations',
  ],
  [
    'health: healthz',
    'fairlead.yaml:1:9: health has to be the path of an HTTP GET that answers 200 once the app can take requests, like /healthz, or tcp, none, or {command: […]}',
  ],
  ['command: ./run', 'fairlead.yaml:1:10: command has to be a list of text, the program first'],
  ['args: [a, 1]', 'fairlead.yaml:1:11: args.1 has to be a list of text'],
  [
    'env: [A=1]',
    'fairlead.yaml:1:6: env has to be names and values; a name is made of letters, digits, "_", "-" and "."',
  ],
  ['env:\n  A: [1]', 'fairlead.yaml:2:6: env.A has to be text'],
  ['env:\n  A:', 'fairlead.yaml:2:5: env.A has to be text'],
  [
    'env:\n  "1 A": x',
    'fairlead.yaml:2:3: env.1 A has to be names and values; a name is made of letters, digits, "_", "-" and "."',
  ],
  [
    'resources: { requests: { cpu: lots } }',
    'fairlead.yaml:1:31: resources.requests.cpu has to be an amount like 250m or 2',
  ],
  ['- port: 80', 'fairlead.yaml:1:1: the file has to be keys and values'],
  ['just text', 'fairlead.yaml:1:1: the file has to be keys and values'],
  ['port: 1\nport: 2', 'fairlead.yaml:2:1: Map keys must be unique'],
  [
    'port: [1',
    'fairlead.yaml:1:9: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  ['env:\n  A: *b', 'fairlead.yaml:2:6: Unresolved alias (the anchor must be set before the alias): b'],
  [
    'port: 80\n---\nport: 90',
    'fairlead.yaml:2:1: a second document begins here, and the file has one: take this line out',
  ],
  [
    'prot: 1\nreplicas: x',
    'fairlead.yaml:1:1: unknown key prot; did you mean port?; fairlead.yaml:2:11: replicas has to be a whole number, 1 to 1000',
  ],
  // Of a field that may be this or that, what is wrong with the one that was meant.
  ['scale: { min: 0 }', 'fairlead.yaml:1:15: scale.min has to be a whole number, 1 to 1000'],
  ['scale: { cpus: 4 }', 'fairlead.yaml:1:10: unknown key scale.cpus; did you mean cpu?'],
  ['scale: yes', 'fairlead.yaml:1:8: scale has to be min, max, cpu and memory, or none'],
  [
    'processes:\n  worker:\n    replicas: -1',
    'fairlead.yaml:3:15: processes.worker.replicas has to be a whole number, 0 to 1000',
  ],
  [
    'processes:\n  worker:\n    comand: []',
    'fairlead.yaml:3:5: unknown key processes.worker.comand; did you mean command?',
  ],
  [
    'processes: { Worker: {} }',
    'fairlead.yaml:1:14: processes.Worker has to be names of up to 30 lower-case letters, digits and "-", each with what is said of that process, or none',
  ],
  [
    'secrets: { A: { secretManager: x } }',
    'fairlead.yaml:1:15: secrets.A has to be names of variables, each with {secretsManager: NAME, key: KEY} or {kubernetes: NAME, key: KEY}',
  ],
  [
    'config: { settings.json: "" }',
    'fairlead.yaml:1:11: config.settings.json has to be absolute paths of files, each with its text',
  ],
  [
    'config: { /a/../b: "" }',
    'fairlead.yaml:1:11: config./a/../b has to be absolute paths of files, each with its text',
  ],
  [
    'cron:\n  nightly:\n    command: [/x]',
    'fairlead.yaml:2:3: cron.nightly.schedule has to be five fields like 0 3 * * *, or @hourly, @daily, @weekly, @monthly, @yearly',
  ],
  ['patience: 2s', 'fairlead.yaml:1:11: patience has to be seconds, 5 to 3600, or text like 30s or 5m'],
  [
    'patience: 5 minutes',
    'fairlead.yaml:1:11: patience has to be seconds, 5 to 3600, or text like 30s or 5m',
  ],
  [
    'strategy: { canary: { steps: [{ percent: 100 }] } }',
    'fairlead.yaml:1:42: strategy.canary.steps.0.percent has to be a whole number, 1 to 80',
  ],
  [
    'strategy: red-black',
    'fairlead.yaml:1:11: strategy has to be one of rolling, blue-green, canary, or {canary: {steps: […]}}',
  ],
  [
    'bake: { checks: [{ status: 200 }] }',
    'fairlead.yaml:1:18: bake.checks.0.path has to be a path that begins with /',
  ],
  ['bake: { alarm: [x] }', 'fairlead.yaml:1:9: unknown key bake.alarm; did you mean alarms?'],
  [
    'manifests: ../deploy',
    'fairlead.yaml:1:12: manifests has to be a folder of YAML in the repository, or {kustomize: …}, {helm: {chart: …}}, {compose: …}',
  ],
  [
    'manifests: { helm: { chart: /chart } }',
    'fairlead.yaml:1:29: manifests.helm.chart has to be a path in the repository',
  ],
  [
    'environments:\n  preview:\n    engine: function',
    'fairlead.yaml:3:5: unknown key environments.preview.engine; allowed are port, command, args, replicas, scale, resources, health, liveness, service, terminationGracePeriod, capabilities, processes, env, secrets, config, ingress, serviceAccount, security, user, jobs, cron, strategy, bake, patience, manifests',
  ],
])('says where %j is wrong, and what may stand there', (text, message) => {
  expect(mistake(text)).toBe(message);
});

it('never fails with anything but its own error, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => typeof mistake(text) === 'string'),
    { numRuns: 1000 },
  );
  const key = fc.constantFrom('port', 'env', 'resources', 'limits', 'args', '__proto__', '&a', '*a', '<<');
  const tree = fc.letrec((tie) => ({
    node: fc.oneof({ maxDepth: 3 }, fc.jsonValue(), fc.dictionary(key, tie('node')), fc.array(tie('node'))),
  })).node;
  fc.assert(fc.property(tree, (value) => typeof mistake(JSON.stringify(value)) === 'string'));
});

it('takes the value of a chart for text where its number would be written otherwise', () => {
  const set = '{ image.tag: 1.10, id: 0123, short: 1e3, replicas: 3, share: 0.5, on: true }';
  expect(parseAppFile(`manifests: { helm: { chart: c, set: ${set} } }`).manifests).toMatchObject({
    helm: { set: { 'image.tag': '1.10', id: '0123', short: '1e3', replicas: 3, share: 0.5, on: true } },
  });
});

it('takes the name of every environment that a preview may have', () => {
  const name = `preview-${'x'.repeat(34)}-4f1c0b7a92`;
  expect(Object.keys(parseAppFile(`environments: { ${name}: { replicas: 1 } }`).environments ?? {})).toEqual([
    name,
  ]);
});

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
    'fairlead.yaml:1:1: unknown key volumes; allowed are port, replicas, env, command, args, resources, health, service, patience, terminationGracePeriod, capabilities, engine, platform',
  ],
  ['# first\nport: "8080"', 'fairlead.yaml:2:7: port has to be a TCP port, 1 to 65535'],
  ['port: 70000', 'fairlead.yaml:1:7: port has to be a TCP port, 1 to 65535'],
  ['replicas: 0', 'fairlead.yaml:1:11: replicas has to be a whole number, 1 to 1000'],
  ['replicas: 1.5', 'fairlead.yaml:1:11: replicas has to be a whole number, 1 to 1000'],
  ['service: Ingress', 'fairlead.yaml:1:10: service has to be one of ClusterIP, NodePort, LoadBalancer'],
  [
    'health: healthz',
    'fairlead.yaml:1:9: health has to be the path of an HTTP GET that answers 200 once the app can take requests, like /healthz',
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
    'prot: 1\nreplicas: x',
    'fairlead.yaml:1:1: unknown key prot; did you mean port?; fairlead.yaml:2:11: replicas has to be a whole number, 1 to 1000',
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

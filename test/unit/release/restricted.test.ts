import { expect, it } from 'vitest';
import type { Any } from './making.ts';
import { violations } from './restricted.ts';

const container = {
  name: 'c',
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  },
};
const own = (fields: object): Any => ({
  containers: [{ ...container, securityContext: { ...container.securityContext, ...fields } }],
});

it.each<[string, Any, string[]]>([
  ['what passes', { containers: [container] }, []],
  [
    'what passes by its pod',
    {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'Localhost' } },
      containers: [
        { name: 'c', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
      ],
      volumes: [
        { name: 'v', configMap: {} },
        { name: 'w', emptyDir: {} },
      ],
    },
    [],
  ],
  ['the network of the host', { hostNetwork: true, containers: [container] }, ['hostNetwork']],
  ['a folder of the host', { volumes: [{ name: 'v', hostPath: {} }], containers: [container] }, ['volume v']],
  [
    'a setting of the kernel',
    { securityContext: { sysctls: [{ name: 'kernel.msgmax' }] }, containers: [container] },
    ['sysctl kernel.msgmax'],
  ],
  ['privileges', own({ privileged: true }), ['privileged of c']],
  ['more privileges later', own({ allowPrivilegeEscalation: undefined }), ['allowPrivilegeEscalation of c']],
  ['capabilities that stay', own({ capabilities: {} }), ['capabilities.drop of c']],
  [
    'capabilities that are added',
    own({ capabilities: { drop: ['ALL'], add: ['CHOWN'] } }),
    ['capability CHOWN of c'],
  ],
  ['root, perhaps', own({ runAsNonRoot: undefined }), ['runAsNonRoot of c']],
  ['root', own({ runAsUser: 0 }), ['runAsUser of c']],
  ['any system call', own({ seccompProfile: { type: 'Unconfined' } }), ['seccompProfile of c']],
  ['any system call, by default', own({ seccompProfile: undefined }), ['seccompProfile of c']],
  [
    'a port of the host',
    { containers: [{ ...container, ports: [{ containerPort: 1, hostPort: 1 }] }] },
    ['hostPort of c'],
  ],
  [
    'an init container that does not',
    { initContainers: [{ name: 'i' }], containers: [container] },
    ['allowPrivilegeEscalation of i', 'capabilities.drop of i', 'runAsNonRoot of i', 'seccompProfile of i'],
  ],
])('finds in a pod with %s what the standard forbids', (_, pod, found) => {
  expect(violations(pod)).toEqual(found);
});

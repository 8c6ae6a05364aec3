import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../lib/release/types.ts';
import { type Files, namesOf, read } from './repository.ts';

// biome-ignore lint/suspicious/noExplicitAny: fields of an object of any kind
type Fields = any;

async function compose(text: string, files: Files = {}) {
  return await read({ 'compose.yaml': text, ...files }, { compose: 'compose.yaml' });
}

/** A file with one service, the app's, that says `lines`. */
async function web(lines: string, files: Files = {}, rest = '') {
  const own = await compose(
    `services:\n  web:\n    build: .\n    ${lines.trim().replaceAll('\n', '\n    ')}\n${rest}`,
    files,
  );
  const pod: Fields = (find(own.objects, 'Deployment', 'web').spec as Fields).template.spec;
  return { ...own, pod, container: pod.containers[0] };
}

function find(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name} among ${namesOf(objects)}`);
  return found;
}

const specOf = (objects: readonly KubernetesObject[], kind: string, name: string) =>
  find(objects, kind, name).spec as Fields;

describe('a compose file', () => {
  test('becomes a Deployment and a Service for each service, and the app is reached by its own name', async () => {
    const own = await compose(`
name: ignored
version: '3'
services:
  web: {build: ., ports: ['8080:3000'], deploy: {replicas: 2}}
  worker: {build: {context: .}}
  db: {image: "postgres:17", volumes: ['data:/var/lib/postgresql/data'], ports: ['5432:5432']}
volumes: {data: {x-fairlead: {size: 2Gi, storageClass: gp3}}}
x-anything: true
`);
    expect(namesOf(own.objects)).toEqual([
      'Service web',
      'Service shop',
      'Deployment web',
      'Service worker',
      'Deployment worker',
      'PersistentVolumeClaim data',
      'Service db',
      'Deployment db',
    ]);
    expect(specOf(own.objects, 'Service', 'web').ports).toEqual([
      { name: 'tcp-3000', port: 3000, targetPort: 3000, protocol: 'TCP' },
    ]);
    const shop = find(own.objects, 'Service', 'shop');
    expect(shop.metadata.annotations).toEqual({ 'fairlead.dev/exposed': 'as-installed' });
    expect(shop.spec).toMatchObject({ ports: [{ port: 8080, targetPort: 3000 }] });
    // A service without ports is still a name, by which every port of it is reached, as in a compose network.
    expect(specOf(own.objects, 'Service', 'worker')).toMatchObject({ clusterIP: 'None' });
    expect(specOf(own.objects, 'Deployment', 'web')).toMatchObject({
      replicas: 2,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } },
    });
    expect(specOf(own.objects, 'Deployment', 'db').strategy).toEqual({ type: 'Recreate' });
    expect(specOf(own.objects, 'PersistentVolumeClaim', 'data')).toEqual({
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '2Gi' } },
      storageClassName: 'gp3',
    });
    expect(own.notices).toEqual([
      'services.db.ports are reached by the other services only, not from outside',
      expect.stringContaining('image postgres:17 has no digest'),
    ]);
  });

  test('has one Service where the app’s service has the app’s name', async () => {
    const own = await compose('services: {shop: {build: ., ports: ["80:3000"]}}');
    expect(namesOf(own.objects)).toEqual(['Service shop', 'Deployment shop']);
    expect(specOf(own.objects, 'Service', 'shop').ports.map(({ port }: Fields) => port)).toEqual([80, 3000]);
  });

  test('runs what others wait for as a job before the release', async () => {
    const own = await compose(`
services:
  web: {build: ., depends_on: {migrate: {condition: service_completed_successfully}, db: {condition: service_healthy}}}
  migrate: {build: ., command: [node, migrate.js]}
  db: {image: "postgres@sha256:${'a'.repeat(64)}"}
`);
    const job = find(own.objects, 'Job', 'migrate');
    expect(job.metadata.annotations).toEqual({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
    expect(job.spec).toMatchObject({ backoffLimit: 0, template: { spec: { restartPolicy: 'Never' } } });
    expect(namesOf(own.objects)).not.toContain('Service migrate');
    expect(own.notices).toEqual([expect.stringMatching(/^services\.web\.depends_on db: all start together/)]);
  });

  test('leaves out services of profiles, by name', async () => {
    const own = await compose('services: {web: {build: .}, debug: {image: x, profiles: [dev]}}');
    expect(namesOf(own.objects)).toEqual(['Service web', 'Deployment web']);
    expect(own.notices).toEqual(['services.debug is left out: it is for the profiles dev']);
  });

  test('takes variables from the repository’s .env, and their defaults', async () => {
    const { container } = await web(
      `environment:
  - A=\${NAME}-\${OTHER:-x\${NAME}}
  - B=$NAME $$NAME \${EMPTY:-none} \${EMPTY-kept} \${NAME:+set}
deploy: {replicas: "\${COUNT:-3}"}`,
      { '.env': '# remark\nexport NAME="sh\\"op" # why\nEMPTY=\n' },
    );
    expect(container.env).toEqual([
      { name: 'A', value: 'sh"op-xsh"op' },
      { name: 'B', value: 'sh"op $NAME none  set' },
    ]);
  });
});

describe('a service', () => {
  test.each<[string, string, Fields]>([
    ['command as words', 'command: node "my app.js" --a=\'b c\'', { args: ['node', 'my app.js', '--a=b c'] }],
    [
      'entrypoint and command',
      'entrypoint: [/bin/x]\ncommand: [a, 1]',
      { command: ['/bin/x'], args: ['a', '1'] },
    ],
    ['$(…) as it is', 'command: [sh, -c, "echo $$(date)"]', { args: ['sh', '-c', 'echo $$(date)'] }],
    [
      'numbers as they are written',
      'environment: {V: 1.10, T: yes, N: 0755}',
      {
        env: [
          { name: 'V', value: '1.10' },
          { name: 'T', value: 'yes' },
          { name: 'N', value: '0755' },
        ],
      },
    ],
    ['a working directory', 'working_dir: /srv', { workingDir: '/srv' }],
    [
      'capabilities',
      'cap_add: [CAP_NET_ADMIN]\ncap_drop: [all]\nread_only: true\nsecurity_opt: [no-new-privileges:true]',
      {
        securityContext: {
          capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
        },
      },
    ],
    [
      'limits',
      "deploy: {resources: {limits: {cpus: '0.5', memory: 64m}, reservations: {memory: 32M}}}",
      { resources: { limits: { cpu: '500m', memory: '64Mi' }, requests: { memory: '32Mi' } } },
    ],
    [
      'what schedulers count with',
      'mem_limit: 1g',
      { resources: { limits: { memory: '1Gi' }, requests: { cpu: '100m' } } },
    ],
    [
      'a health check',
      'healthcheck: {test: "curl -f localhost", interval: 1m30s, timeout: 3s, retries: 2}',
      {
        readinessProbe: {
          exec: { command: ['/bin/sh', '-c', 'curl -f localhost'] },
          periodSeconds: 5,
          timeoutSeconds: 3,
          failureThreshold: 36,
        },
      },
    ],
    [
      'a health check of words',
      'healthcheck: {test: [CMD, /ok], interval: 2s}',
      { readinessProbe: { exec: { command: ['/ok'] }, periodSeconds: 2, failureThreshold: 3 } },
    ],
    [
      'a port as its health',
      'expose: ["3000"]',
      { readinessProbe: { tcpSocket: { port: 3000 } }, ports: [{ containerPort: 3000, protocol: 'TCP' }] },
    ],
    [
      'ports of every form',
      'ports: ["127.0.0.1:80:8080/udp", "9000-9001:90-91", {target: 7, published: "70", protocol: tcp}, 22:22]',
      {
        ports: [
          { containerPort: 8080, protocol: 'UDP' },
          { containerPort: 90, protocol: 'TCP' },
          { containerPort: 91, protocol: 'TCP' },
          { containerPort: 7, protocol: 'TCP' },
          { containerPort: 22, protocol: 'TCP' },
        ],
      },
    ],
  ])('has %s', async (_, lines, expected) => {
    expect((await web(lines)).container).toMatchObject(expected);
  });

  test('has no health where it says so', async () => {
    expect((await web('ports: ["80"]\nhealthcheck: {disable: true}')).container).not.toHaveProperty(
      'readinessProbe',
    );
    expect((await web('ports: ["80"]\nhealthcheck: {test: [NONE]}')).container).not.toHaveProperty(
      'readinessProbe',
    );
  });

  test.each<[string, string, Fields]>([
    [
      'a user',
      'user: "1000:2000"\ngroup_add: ["3"]',
      { securityContext: { runAsUser: 1000, runAsGroup: 2000, supplementalGroups: [3] } },
    ],
    ['its time to end', 'stop_grace_period: 1m', { terminationGracePeriodSeconds: 60 }],
    [
      'time to drain where it takes requests',
      'stop_grace_period: 1m\nexpose: [80]',
      { terminationGracePeriodSeconds: 65 },
    ],
    [
      'memory for files',
      'tmpfs: [/run:size=8m, /tmp]\nshm_size: 64m',
      {
        volumes: [
          { name: 'tmpfs-0', emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } },
          { name: 'tmpfs-1', emptyDir: { medium: 'Memory' } },
          { name: 'shm', emptyDir: { sizeLimit: '64Mi' } },
        ],
      },
    ],
    [
      'names of hosts',
      'extra_hosts: ["a:10.0.0.1", "b=::1"]',
      {
        hostAliases: [
          { ip: '10.0.0.1', hostnames: ['a'] },
          { ip: '::1', hostnames: ['b'] },
        ],
      },
    ],
  ])('has pods with %s', async (_, lines, expected) => {
    expect((await web(lines)).pod).toMatchObject(expected);
  });

  test('has variables of env files, and its own over them', async () => {
    const files = { 'a.env': 'A=1\nB=\'two words\'\nC="x\\ny"\n', 'b.env': 'A=2\n' };
    const { container, notices } = await web(
      'env_file: [a.env, {path: b.env}, {path: c.env, required: false}]\nenvironment: {B: mine, UNSET: }',
      files,
    );
    expect(container.env).toEqual([
      { name: 'A', value: '2' },
      { name: 'B', value: 'mine' },
      { name: 'C', value: 'x\ny' },
    ]);
    expect(notices).toEqual([
      expect.stringContaining('c.env is not in the repository'),
      expect.stringContaining('environment.UNSET has no value'),
    ]);
  });

  test('has files of the repository as ConfigMaps that are named after what is in them', async () => {
    const lines =
      'configs: [{source: nginx, target: /etc/nginx.conf, mode: 0440}]\nvolumes: ["./a.txt:/a.txt:ro"]';
    const rest = 'configs: {nginx: {file: ./nginx.conf}}\n';
    const first = await web(lines, { 'nginx.conf': 'one', 'a.txt': 'a' }, rest);
    const second = await web(lines, { 'nginx.conf': 'two', 'a.txt': 'a' }, rest);
    const [a, b] = [first, second].map(({ objects }) => objects.filter(({ kind }) => kind === 'ConfigMap'));
    expect(a?.map(({ data }) => data)).toEqual([{ 'a.txt': 'a' }, { 'nginx.conf': 'one' }]);
    expect(a?.[0]?.metadata.name).toBe(b?.[0]?.metadata.name);
    expect(a?.[1]?.metadata.name).not.toBe(b?.[1]?.metadata.name);
    expect(first.pod.volumes[1]).toEqual({
      name: 'config-0',
      configMap: { name: a?.[1]?.metadata.name, defaultMode: 0o440 },
    });
    expect(first.container.volumeMounts[1]).toMatchObject({
      mountPath: '/etc/nginx.conf',
      subPath: 'nginx.conf',
    });
  });

  test('has Secrets of the namespace, never their values', async () => {
    const { pod, container } = await web('secrets: [token]', {}, 'secrets: {token: {external: true}}\n');
    expect(pod.volumes).toEqual([
      { name: 'secret-0', secret: { secretName: 'token', items: [{ key: 'token', path: 'token' }] } },
    ]);
    expect(container.volumeMounts[0]).toMatchObject({ mountPath: '/run/secrets/token', readOnly: true });
  });

  test('says by name what it loses', async () => {
    const { notices } = await web(
      'container_name: x\nnetworks: [a]\nrestart: "no"\nlogging: {driver: x}\nbuild: {context: ., args: [A=1]}\npull_policy: daily\nvolumes: [/data]'.replace(
        'build',
        'x-build',
      ),
    );
    expect(notices.map((notice) => notice.split(' ')[0])).toEqual([
      'services.web.container_name',
      'services.web.networks',
      'services.web.logging',
      'services.web.volumes',
      'services.web.pull_policy',
      'services.web.restart',
    ]);
  });
});

test('what a service says further down is not lost in silence either', async () => {
  const { notices } = await web(
    `deploy: {update_config: {order: start-first}, resources: {limits: {cpus: 1, x-mine: 1}, reservations: {generic_resources: []}}}
ports: [{target: 80, mode: host}, {target: 81, mode: host}]
volumes: [{type: tmpfs, target: /x, tmpfs: {mode: 0700}}]
env_file: [{path: a.env, format: raw}]`,
    { 'a.env': '' },
    'volumes: {data: {driver: nfs}}\n',
  );
  expect(notices.map((notice) => notice.split(' is left out')[0])).toEqual([
    'services.web.deploy.update_config',
    'services.web.deploy.resources.reservations.generic_resources',
    'services.web.ports.mode',
    'services.web.volumes.tmpfs.mode',
    'services.web.env_file.format',
    'volumes.data.driver',
  ]);
});

describe('a compose file that no cluster can carry out', () => {
  const service = (lines: string) => `services:\n  web:\n    build: .\n    ${lines}\n`;
  test.each<[string, string, RegExp, Files?]>([
    ['is no YAML', 'services: [\n', /^compose\.yaml:\d/],
    ['has no services', 'version: "3"\n', /no services/],
    ['has an empty list of them', 'services: {}\n', /no services/],
    [
      'misspells a key',
      service('imag: x'),
      /^compose\.yaml:4: unknown key services\.web\.imag; did you mean image\?/,
    ],
    [
      'misspells a key at the top',
      `${service('init: true')}sevices: 1\n`,
      /unknown key sevices; did you mean services/,
    ],
    ['has a text for a list', service('ports: 80'), /services\.web\.ports is not what/],
    [
      'includes another',
      `${service('init: true')}include: [x.yaml]\n`,
      /^compose\.yaml:5: include has no counterpart/,
    ],
    ['extends another', service('extends: {service: x}'), /write out what the other service says/],
    ['is privileged', service('privileged: true'), /give it what it needs by cap_add/],
    ['shares the network of the machine', service('network_mode: host'), /network of their own/],
    ['has devices', service('devices: [/dev/kvm]'), /devices of the machine/],
    [
      'mounts the machine',
      service('volumes: ["/var/run/docker.sock:/x"]'),
      /^compose\.yaml:4: .*of the machine.*COPY/,
    ],
    [
      'mounts a folder of the repository',
      service('volumes: ["./src:/src"]'),
      /mounts the folder \.\/src/,
      { 'src/a': '' },
    ],
    ['mounts what is not there', service('volumes: ["./src:/src"]'), /has no file or folder/],
    ['leaves the repository', service('volumes: ["../../etc/passwd:/x"]'), /leads out of the repository/],
    ['leaves it by a link', service('volumes: ["./a:/x"]'), /leads out/, { a: { link: '/etc/passwd' } }],
    [
      'leaves it by a config',
      `${service('configs: [a]')}configs: {a: {file: ../../../etc/passwd}}\n`,
      /leads out/,
    ],
    ['leaves it by an env file', service('env_file: ../../../../etc/passwd'), /leads out/],
    [
      'names an env file that is not committed',
      service('env_file: .env'),
      /\.env, which is not in the repository/,
    ],
    ['has a secret in a file', `${service('secrets: [a]')}secrets: {a: {file: ./a}}\n`, /external: true/],
    ['has a secret that it does not define', service('secrets: [a]'), /not under secrets/],
    ['has a volume that it does not define', service('volumes: ["data:/data"]'), /not under volumes/],
    [
      'has many pods with one volume',
      `${service('volumes: ["d:/d"]\n    scale: 2')}volumes: {d: }\n`,
      /its volume is for one pod/,
    ],
    [
      'has a variable without a value',
      service('command: $MISSING'),
      /MISSING has no value.*\$\{MISSING:-VALUE\}/,
    ],
    ['has a variable that must be there', service(`command: \${MISSING:?why}`), /MISSING has no value: why/],
    ['has half a variable', service('command: "${A"'), /write \$\$ for a dollar sign/],
    ['has an open quote', service(`command: sh -c "a`), /quote that is not closed/],
    ['has a user by name', service('user: node'), /"1000:1000"/],
    ['has no duration', service('stop_grace_period: soon'), /write it like 30s/],
    ['has no amount of memory', service('mem_limit: lots'), /write it like 256m/],
    ['has no port', service('ports: [http]'), /write it like 8080:80/],
    ['has a port above all', service('ports: ["99999"]'), /write it like 8080:80/],
    ['has very many ports', service('ports: ["1-60000"]'), /write it like 8080:80/],
    ['has no image', 'services: {web: {command: x}}', /name an image, or write `build: \.`/],
    ['has another build', 'services: {web: {build: ./api}}', /Dockerfile at the top/],
    [
      'has a build from elsewhere',
      'services: {web: {build: "https://example.com/x.git"}}',
      /Dockerfile at the top/,
    ],
    ['has another Dockerfile', 'services: {web: {build: {dockerfile: Other}}}', /Dockerfile at the top/],
    ['builds a stage', 'services: {web: {build: {context: ., target: dev}}}', /stage dev/],
    ['has a name that is none in a cluster', 'services: {my_web: {build: .}}', /cannot have this name/],
    ['has nothing of the app', 'services: {db: {image: "postgres:17"}}', /no container runs the app's image/],
    [
      'waits for what needs others',
      'services: {web: {build: ., depends_on: {m: {condition: service_completed_successfully}}}, m: {build: ., depends_on: [web]}}',
      /run to its end before any service/,
    ],
    ['waits for nothing', service('depends_on: [db]'), /which is no service/],
    [
      'gives the app’s name to another',
      'services: {shop: {image: nginx}, web: {build: ., ports: ["80"]}}',
      /has the app's name/,
    ],
    [
      'multiplies its aliases',
      `x: &a [1,1,1,1,1,1,1,1,1]\nx-b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nx-c: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nx-d: [*c,*c,*c,*c,*c]\nservices: {web: {build: .}}\n`,
      /alias/i,
    ],
  ])('is refused when it %s', async (_, text, expected, files = {}) => {
    await expect(compose(text, files)).rejects.toThrow(expected);
  });
});

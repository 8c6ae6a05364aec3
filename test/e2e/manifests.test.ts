import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { App, get } from './harness/app.ts';

const { git } = inject('cloud');

const compose = (greeting: string, image = 'build: .') => `services:
  hello:
    ${image}
    ports: ["8080:9000"]
    environment: {PORT: 9000, GREETING: "${greeting}"}
    read_only: true
    deploy: {replicas: 2}
    depends_on: [second]
  second:
    build: .
    environment: {PORT: 9001}
    expose: [9001]
`;

const FOLDER = `apiVersion: apps/v1
kind: Deployment
metadata: {name: page, namespace: somewhere}
spec:
  replicas: 1
  selector: {matchLabels: {app.kubernetes.io/name: page}}
  template:
    metadata: {labels: {app.kubernetes.io/name: page}}
    spec:
      containers:
      - name: main
        image: IMAGE
        env: [{name: PORT, value: "9000"}, {name: GREETING, valueFrom: {configMapKeyRef: {name: words, key: greeting}}}]
        readinessProbe: {tcpSocket: {port: 9000}, periodSeconds: 1}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: words}
data: {greeting: from a folder}
---
apiVersion: v1
kind: Service
metadata: {name: own}
spec: {type: NodePort, selector: {app.kubernetes.io/name: page}, ports: [{port: 80, targetPort: 9000}]}
`;

const MAIN = `package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "Hello ", os.Getenv("GREETING"))
	})
	panic(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
`;

/** An app that brings its own manifests: each test pushes on top of what the one before has left. */
describe('an app with manifests of its own', { timeout: 120_000 }, () => {
  let app: App;
  let url = '';

  beforeAll(async () => {
    app = await App.create(git, 'own');
  });
  afterAll(() => app.remove());

  it('is live as its compose file says, and hears what that could not say', async () => {
    await app.commit({
      'main.go': MAIN,
      'compose.yaml': compose('from compose'),
      'fairlead.yaml': 'manifests: {compose: compose.yaml}\n',
    });
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('live');
    expect(pushed.text).toContain('services.hello.depends_on second: all start together');
    url = pushed.rest;
    expect(await get(url)).toBe('Hello from compose');
  });

  it('fails before anything is built when they are wrong, with the line, and keeps answering', async () => {
    await app.commit({ 'compose.yaml': compose('never', 'buidl: .') });
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('failed');
    expect(pushed.text).toContain('compose.yaml:3: unknown key services.hello.buidl; did you mean build?');
    expect(pushed.text).not.toContain('go build');
    expect(await get(url)).toBe('Hello from compose');
  });

  it('fails without touching anything when the cluster does not take them', async () => {
    const same = FOLDER.replaceAll('name: page', 'name: hello');
    await app.commit({ 'k8s/app.yaml': same, 'fairlead.yaml': 'manifests: k8s\n' });
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('failed');
    expect(pushed.text).toMatch(/hello.*spec\.selector.*field is immutable/);
    expect(await get(url)).toBe('Hello from compose');
  });

  it('goes over to a folder of YAML, and what that does not say is taken away', async () => {
    await app.commit({ 'k8s/app.yaml': FOLDER });
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('live');
    expect(pushed.text).toContain('namespace somewhere is replaced: everything goes into own');
    expect(await get(pushed.rest)).toBe('Hello from a folder');
  });
});

import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';

/** The API server that a kubeconfig names, asked as its user. */
export class Cluster {
  readonly #config = new KubeConfig();

  constructor(kubeconfig: string) {
    this.#config.loadFromFile(kubeconfig);
  }

  // biome-ignore lint/suspicious/noExplicitAny: the tests look into it freely
  async get(path: string): Promise<any> {
    return await this.#ask('GET', path);
  }

  /** As `kubectl delete` does it, without waiting for the end. */
  async delete(path: string): Promise<void> {
    await this.#ask('DELETE', path);
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  async #ask(method: string, path: string): Promise<any> {
    const url = new URL(path, this.#config.getCurrentCluster()?.server);
    const options = { method };
    await this.#config.applyToHTTPSOptions(options);
    const body = await new Promise<string>((resolve, reject) => {
      const asked = request(url, options, (response) => text(response).then(resolve, reject));
      asked.on('error', reject).end();
    });
    return JSON.parse(body);
  }

  /** The names that start like `prefix`, of namespaces that are not going. */
  async namespaces(prefix: string): Promise<string[]> {
    const { items } = (await this.get('/api/v1/namespaces')) as {
      items: { metadata: { name: string; deletionTimestamp?: string } }[];
    };
    return items
      .filter(({ metadata }) => metadata.name.startsWith(prefix) && metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.name);
  }
}

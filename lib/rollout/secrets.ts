import { FairleadError } from '../errors.ts';
import { SECRETS_MANAGER, type SecretValue } from '../release/labels.ts';
import type { KubernetesObject } from '../release/types.ts';

/** Reads one version of a secret, or with none its current one. `gone`: there is no such secret or version. */
export type ReadSecret = (id: string, versionId?: string) => Promise<Answer>;

export type Answer = { is: 'text'; text: string } | { is: 'binary'; bytes: Uint8Array } | { is: 'gone' };

/** What becomes of a reference to a version that Secrets Manager no longer keeps, or of one that it does not give out. */
export type Gone =
  /** The release cannot be applied as it is. */
  | 'refuse'
  /**
   * The current version is taken, and where there is none the Secret stays as the cluster has it: a rollback with another
   * secret is better than none. `tell` hears of it, one line each.
   */
  | { tell(notice: string): void };

/** The secrets of one release: each is read once, and nothing but what `fill` returns holds a value. */
export class Secrets {
  readonly #read: ReadSecret | undefined;
  readonly #gone: Gone;
  readonly #answers = new Map<string, Promise<Answer>>();
  readonly #values = new Set<string>();

  constructor(read: ReadSecret | undefined, gone: Gone) {
    this.#read = read;
    this.#gone = gone;
  }

  /**
   * `resources` with the values that their annotations refer to, without those that are to stay as they are.
   * @throws FairleadError `rollout/secret-gone`, `rollout/secret-key`, and what reading throws
   */
  async fill(resources: readonly KubernetesObject[]): Promise<KubernetesObject[]> {
    const filled = await Promise.all(
      resources.map((resource) =>
        this.#filled(resource).catch((error: unknown) => this.#left(resource, error)),
      ),
    );
    return filled.filter((resource) => resource !== undefined);
  }

  async #filled(resource: KubernetesObject): Promise<KubernetesObject> {
    const references = referencesOf(resource);
    if (references.length === 0) return resource;
    const entries = await Promise.all(
      references.map(async (reference) => [reference.key, await this.#valueOf(reference)]),
    );
    return { ...resource, data: { ...(resource.data as object), ...Object.fromEntries(entries) } };
  }

  #left({ metadata }: KubernetesObject, error: unknown): undefined {
    if (this.#gone === 'refuse' || !(error instanceof FairleadError) || error.temporary) throw error;
    this.#gone.tell(`Secret ${metadata.name} stays as it is in the cluster: ${error.fault.cause}`);
  }

  /** `text` without any value: what the cluster says of a Secret that it refuses may quote it. */
  hide(text: string): string {
    // Longer ones first: one may be part of another. What is shorter than that is in many words.
    const hidden = [...this.#values].filter(({ length }) => length >= 4).sort((a, b) => b.length - a.length);
    return hidden.reduce((rest, value) => rest.replaceAll(value, '***'), text);
  }

  /** In base64, as a Secret's `data` has it. */
  async #valueOf(reference: SecretValue): Promise<string> {
    const { id, versionId } = reference;
    let value = await this.#ask(id, versionId);
    if (value.is === 'gone' && this.#gone !== 'refuse') {
      value = await this.#ask(id);
      if (value.is !== 'gone')
        this.#gone.tell(
          `the secret ${id} no longer has its version ${versionId}: its current one is used instead`,
        );
    }
    const bytes = partOf(reference, value);
    const encoded = Buffer.from(bytes).toString('base64');
    this.#values.add(encoded);
    this.#values.add(Buffer.from(bytes).toString('utf8'));
    return encoded;
  }

  /** Each once, however many keys are of it. */
  #ask(id: string, versionId?: string): Promise<Answer> {
    const key = `${id} ${versionId ?? ''}`;
    const asked = this.#answers.get(key) ?? this.#readOrFail(id, versionId);
    this.#answers.set(key, asked);
    return asked;
  }

  async #readOrFail(id: string, versionId?: string): Promise<Answer> {
    if (this.#read !== undefined) return this.#read(id, versionId);
    throw new FairleadError({
      code: 'rollout/no-secrets',
      operation: `reading the secret ${id}`,
      cause: 'this installation reads no secrets of Secrets Manager',
    });
  }
}

function partOf({ key, id, versionId, jsonKey }: SecretValue, value: Answer): Uint8Array | string {
  const operation = `reading the secret ${id} for ${key}`;
  if (value.is === 'gone')
    throw new FairleadError({
      code: 'rollout/secret-gone',
      operation,
      cause: `Secrets Manager has no version ${versionId} of the secret ${id}`,
      remedy: 'push again, so that a release is made with the current version',
    });
  if (jsonKey === undefined) return value.is === 'text' ? value.text : value.bytes;
  const part = value.is === 'text' ? fieldOf(value.text, jsonKey) : undefined;
  if (part !== undefined) return part;
  throw new FairleadError({
    code: 'rollout/secret-key',
    operation,
    cause: `the value of the secret ${id} is no JSON object with the key ${jsonKey}`,
    remedy: 'write the key as it is in the secret, or put it there',
  });
}

// An error of JSON.parse quotes the text: nobody gets to see it.
function fieldOf(text: string, name: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed === null || typeof parsed !== 'object' || !Object.hasOwn(parsed, name)) return undefined;
    const field = (parsed as Record<string, unknown>)[name];
    return typeof field === 'string' ? field : JSON.stringify(field);
  } catch {
    return undefined;
  }
}

/** The references of a Secret; none of anything else. */
export function referencesOf({ kind, metadata }: KubernetesObject): SecretValue[] {
  const text = kind === 'Secret' ? metadata.annotations?.[SECRETS_MANAGER] : undefined;
  return text === undefined ? [] : JSON.parse(text);
}

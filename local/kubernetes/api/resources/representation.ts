import type { KubernetesObject } from '../../object.ts';
import { StatusError } from '../../status-error.ts';
import type { Answer, Call } from '../http/call.ts';
import { apiVersionOf, type Kind } from '../kinds.ts';
import { tableOf } from '../table/table.ts';
import { toVersion } from './events-group.ts';

/** How the client wants objects shown. Source: Kubernetes "API concepts", Table fetches. */
type Form = { as: 'object' } | { as: 'table'; version: string } | { as: 'metadata'; version: string };

export interface ListMeta {
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

/** Shows objects of one kind in the form that one request asks for. */
export class Representation {
  readonly #kind: Kind;
  readonly #form: Form;
  readonly #includeObject: string;

  /** @throws StatusError 406 NotAcceptable when the client takes none of our forms */
  constructor(call: Call, kind: Kind) {
    this.#kind = kind;
    this.#form = formOf(call.headers.accept ?? '*/*');
    this.#includeObject = call.query.get('includeObject') ?? 'Metadata';
  }

  one(object: KubernetesObject): unknown {
    const shown = toVersion(this.#kind, object);
    if (this.#form.as === 'table')
      return this.#table([shown], { resourceVersion: object.metadata.resourceVersion }, true);
    return this.#form.as === 'metadata' ? this.#metadata(shown) : shown;
  }

  list(objects: readonly KubernetesObject[], metadata: ListMeta): unknown {
    const shown = objects.map((object) => toVersion(this.#kind, object));
    if (this.#form.as === 'table') return this.#table(shown, metadata, true);
    if (this.#form.as === 'metadata') {
      const apiVersion = `meta.k8s.io/${this.#form.version}`;
      return {
        kind: 'PartialObjectMetadataList',
        apiVersion,
        metadata,
        items: shown.map((each) => this.#metadata(each)),
      };
    }
    return { kind: `${this.#kind.kind}List`, apiVersion: apiVersionOf(this.#kind), metadata, items: shown };
  }

  /** One object of a watch; of a series of tables only the first has the columns. */
  event(object: KubernetesObject, isFirst: boolean): unknown {
    if (this.#form.as !== 'table') return this.one(object);
    const { resourceVersion } = object.metadata;
    return this.#table([toVersion(this.#kind, object)], { resourceVersion }, isFirst);
  }

  #table(objects: readonly KubernetesObject[], metadata: ListMeta, hasColumns: boolean): unknown {
    const { columnDefinitions, rows } = tableOf(this.#kind, objects);
    const version = this.#form.as === 'table' ? this.#form.version : 'v1';
    return {
      kind: 'Table',
      apiVersion: `meta.k8s.io/${version}`,
      metadata,
      columnDefinitions: hasColumns ? columnDefinitions : null,
      rows: rows.map(({ cells, object }) => ({ cells, object: this.#rowObject(object) })),
    };
  }

  #rowObject(object: KubernetesObject): unknown {
    if (this.#includeObject === 'None') return null;
    return this.#includeObject === 'Object' ? object : this.#metadata(object);
  }

  #metadata({ metadata }: KubernetesObject): unknown {
    const version = this.#form.as === 'object' ? 'v1' : this.#form.version;
    return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata };
  }
}

function formOf(accept: string): Form {
  for (const clause of accept.split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim());
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    const value = (name: string) =>
      parameters.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
    const version = value('v') ?? 'v1';
    const as = value('as');
    if (as === undefined) return { as: 'object' };
    if (value('g') !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(version)) continue;
    if (as === 'Table') return { as: 'table', version };
    if (as.startsWith('PartialObjectMetadata')) return { as: 'metadata', version };
  }
  throw new StatusError('NotAcceptable', 'only the following media types are accepted: application/json');
}

/** An object as an answer. */
export function answerWith(
  call: Call,
  kind: Kind,
  object: KubernetesObject,
  status = 200,
  headers: Record<string, string> = {},
): Answer {
  return { status, headers, json: new Representation(call, kind).one(object) };
}

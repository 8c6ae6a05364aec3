import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FieldSet, printPath } from '../../../local/kubernetes/api/fields/field-set.ts';
import { applyConfiguration, ownersAfterUpdate } from '../../../local/kubernetes/api/fields/ownership.ts';
import type { ManagedFieldsEntry } from '../../../local/kubernetes/object.ts';

const now = new Date('2026-01-01T00:00:00Z');
const writer = (manager: string) => ({ manager, now });

interface Content {
  apiVersion: string;
  kind: string;
  metadata: { managedFields?: ManagedFieldsEntry[]; labels?: Record<string, string> };
  spec?: object;
}

/** Deployments as far as merging is concerned: scalars, maps, lists by key, atomic lists, nested structs. */
const container = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c'),
    image: fc.constantFrom('v1', 'v2'),
    args: fc.array(fc.constantFrom('x', 'y'), { minLength: 1, maxLength: 2 }),
    env: fc.uniqueArray(
      fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: fc.constantFrom('1', '2') }),
      {
        selector: ({ name }) => name,
        minLength: 1,
      },
    ),
    readinessProbe: fc.record(
      { periodSeconds: fc.constantFrom(1, 2), timeoutSeconds: fc.constantFrom(1, 2) },
      { requiredKeys: ['periodSeconds'] },
    ),
  },
  { requiredKeys: ['name', 'image'] },
);
const configuration: fc.Arbitrary<Content> = fc
  .record(
    {
      replicas: fc.nat(3),
      labels: fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.constantFrom('1', '2'), { minKeys: 1 }),
      containers: fc.uniqueArray(container, { selector: ({ name }) => name, minLength: 1 }),
    },
    { requiredKeys: ['containers'] },
  )
  .map(({ replicas, labels, containers }) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: labels === undefined ? {} : { labels },
    spec: { ...(replicas !== undefined && { replicas }), template: { spec: { containers } } },
  }));

const absent: Content = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: {} };

function apply(live: Content, config: Content, manager: string, force = true): Content {
  const { merged, managedFields } = applyConfiguration(live, config, writer(manager), { force });
  return { ...(merged as unknown as Content), metadata: { ...(merged.metadata as object), managedFields } };
}

const contentOf = ({ metadata: { managedFields: _, ...metadata }, ...rest }: Content) => ({
  ...rest,
  metadata,
});

/** Empty structs that were given up piece by piece may stay behind; the decoder of the server does not tell them apart. */
const withoutEmpty = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, inner) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).filter(([, each]) => JSON.stringify(each) !== '{}'))
        : inner,
    ),
  );

describe('applying', () => {
  test('what one manager applies last is what is there, whatever it applied before', () => {
    fc.assert(
      fc.property(fc.array(configuration, { minLength: 1, maxLength: 4 }), (configs) => {
        const live = configs.reduce((object, config) => apply(object, config, 'only'), absent);
        const last = configs.at(-1) as Content;
        expect(withoutEmpty(contentOf(live))).toEqual(withoutEmpty(contentOf(last)));
        expect(live.metadata.managedFields).toEqual(apply(absent, last, 'only').metadata.managedFields);
      }),
    );
  });

  test('applying the same again changes nothing, and needs no force', () => {
    fc.assert(
      fc.property(configuration, configuration, (first, second) => {
        const live = apply(apply(absent, first, 'one'), second, 'two');
        expect(apply(live, second, 'two', false)).toEqual(live);
      }),
    );
  });

  test('a forced apply ends with every value it asks for, and its fields owned by it', () => {
    fc.assert(
      fc.property(configuration, configuration, (first, second) => {
        const live = apply(apply(absent, first, 'one'), second, 'two');
        expect(apply(live, second, 'two', false).spec).toEqual(live.spec);
        const [owner] = (live.metadata.managedFields ?? []).filter(({ manager }) => manager === 'two');
        const [alone] = apply(absent, second, 'two').metadata.managedFields ?? [];
        expect(owner?.fieldsV1).toEqual(alone?.fieldsV1);
      }),
    );
  });

  test('who lets go leaves what others own, and only that', () => {
    fc.assert(
      fc.property(configuration, configuration, (first, second) => {
        const both = apply(apply(absent, first, 'one'), second, 'two');
        const left = apply(both, { ...absent }, 'one');
        expect(withoutEmpty(contentOf(left).spec)).toEqual(
          withoutEmpty(contentOf(apply(absent, second, 'two')).spec),
        );
      }),
    );
  });

  test('a probe goes as a whole with its only owner, though the server filled it in', () => {
    const config = (probe?: object): Content => ({
      ...absent,
      spec: {
        template: {
          spec: { containers: [{ name: 'a', image: 'v1', ...(probe && { readinessProbe: probe }) }] },
        },
      },
    });
    const live = structuredClone(apply(absent, config({ periodSeconds: 1 }), 'only'));
    const filled = JSON.parse(
      JSON.stringify(live).replace('"periodSeconds":1', '"periodSeconds":1,"failureThreshold":3'),
    );
    expect(contentOf(apply(filled, config(), 'only')).spec).toEqual(config().spec);
  });
});

describe('updating', () => {
  test('whoever changes a field last owns it alone', () => {
    fc.assert(
      fc.property(configuration, configuration, (first, second) => {
        const created = {
          ...first,
          metadata: { ...first.metadata, managedFields: ownersAfterUpdate(undefined, first, writer('one')) },
        };
        const after = ownersAfterUpdate(created, { ...second, metadata: second.metadata }, writer('two'));
        const sets = after.map(({ fieldsV1 }) => FieldSet.fromJSON(fieldsV1));
        const [left, right] = sets;
        if (left && right) expect(left.intersection(right).isEmpty).toBe(true);
      }),
    );
  });

  test('an empty list of managedFields resets them', () => {
    const content: Content = { ...absent, spec: { replicas: 1 } };
    const managedFields = ownersAfterUpdate(undefined, content, writer('one'));
    const before: Content = { ...content, metadata: { managedFields } };
    const after = ownersAfterUpdate(before, { ...before, metadata: { managedFields: [] } }, writer('two'));
    expect(after).toEqual([]);
  });
});

describe('sets of fields', () => {
  const element = fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:"y"');
  const paths = fc.array(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 8 });
  const setOf = (list: readonly (readonly string[])[]) => {
    const set = new FieldSet();
    for (const path of list) set.insert(path);
    return set;
  };
  const members = (set: FieldSet) => [...set.paths()].map((path) => path.join(' ')).sort();

  test('are what their paths are', () => {
    fc.assert(
      fc.property(paths, paths, (left, right) => {
        const [ours, theirs] = [setOf(left), setOf(right)];
        const names = (list: readonly (readonly string[])[]) => new Set(list.map((path) => path.join(' ')));
        expect(members(ours.union(theirs))).toEqual([...names(left).union(names(right))].sort());
        expect(members(ours.difference(theirs))).toEqual([...names(left).difference(names(right))].sort());
        expect(members(ours.intersection(theirs))).toEqual(
          [...names(left).intersection(names(right))].sort(),
        );
      }),
    );
  });

  test('survive being written down', () => {
    fc.assert(
      fc.property(paths, (list) => {
        const set = setOf(list);
        const read = FieldSet.fromJSON(set.toJSON());
        // Only the empty set reads as its root, which no object has as a field.
        if (list.length > 0) expect(members(read)).toEqual(members(set));
        else expect([...read.children]).toEqual([]);
      }),
    );
  });

  test('are printed as people know them', () => {
    expect(printPath(['f:spec', 'f:containers', 'k:{"containerPort":80,"protocol":"TCP"}', 'f:image'])).toBe(
      '.spec.containers[containerPort=80,protocol="TCP"].image',
    );
    expect(printPath(['f:metadata', 'f:finalizers', 'v:"a"'])).toBe('.metadata.finalizers[="a"]');
  });
});

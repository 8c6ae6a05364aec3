// Writes types.txt from the Go types of Kubernetes, which say more than its OpenAPI documents do (protobuf numbers):
//   node generate.ts API_DIR APIMACHINERY_DIR > types.txt
// API_DIR and APIMACHINERY_DIR hold the sources of k8s.io/api and k8s.io/apimachinery. Run by hand for a new version.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiVersionOf, kinds } from '../kinds.ts';

const [apiDir = '', apimachineryDir = ''] = process.argv.slice(2);

interface Struct {
  atomic: boolean;
  /** Whether it has an apiVersion and a kind. */
  typed: boolean;
  fields: string[];
  uses: string[];
}

const structs = new Map<string, Struct>();
/** Named types that are no structs: `core.v1.RestartPolicy` is a string. */
const aliases = new Map<string, string>();

const scalars = new Map([
  ['string', 'string'],
  ['bool', 'bool'],
  ['int32', 'int32'],
  ['int64', 'int64'],
  ['[]byte', 'bytes'],
  ['interface{}', 'any'],
  ['types.UID', 'string'],
  ['intstr.IntOrString', 'intOrString'],
  ['resource.Quantity', 'quantity'],
  ['metav1.Time', 'time'],
  ['metav1.MicroTime', 'microTime'],
  ['metav1.Duration', 'string'],
  ['runtime.RawExtension', 'any'],
  ['meta.v1.Time', 'time'],
  ['meta.v1.MicroTime', 'microTime'],
  ['meta.v1.Duration', 'string'],
  ['meta.v1.FieldsV1', 'any'],
]);

function readPackage(name: string, directory: string): void {
  readTypes(name, readFileSync(join(directory, 'types.go'), 'utf8'));
}

function readTypes(name: string, source: string): void {
  for (const [, type = '', target = ''] of source.matchAll(/^type (\w+) ([\w.[\]]+)$/gm))
    aliases.set(`${name}.${type}`, target);
  const declaration = /((?:^\/\/.*\n)*)^type (\w+) struct \{\n([\s\S]*?)^\}/gm;
  for (const [, comment = '', type = '', body = ''] of source.matchAll(declaration)) {
    const struct: Struct = {
      atomic: comment.includes('+structType=atomic'),
      typed: body.includes('TypeMeta `'),
      fields: [],
      uses: [],
    };
    structs.set(`${name}.${type}`, struct);
    readFields(name, body, struct);
  }
}

function readFields(packageName: string, body: string, struct: Struct): void {
  let comment = '';
  for (const line of body.split('\n')) {
    const text = line.trim();
    if (text.startsWith('//')) {
      comment += `${text}\n`;
      continue;
    }
    const field = /^(?:(\w+)\s+)?([*\w.[\]{}]+)\s+`(.*)`/.exec(text);
    if (field) readField(packageName, field[2] ?? '', field[3] ?? '', comment, struct);
    comment = '';
  }
}

function readField(packageName: string, goType: string, tags: string, comment: string, struct: Struct): void {
  const tag = (name: string) => new RegExp(`${name}:"([^"]*)"`).exec(tags)?.[1] ?? '';
  const marker = (name: string) =>
    [...comment.matchAll(new RegExp(`\\+${name}=(.*)`, 'g'))].map(([, value = '']) => value.trim());
  const [name = '', ...options] = tag('json').split(',');
  if (goType.endsWith('TypeMeta') || name === '-') return;
  const type = (goType.startsWith('*') ? goType.slice(1) : goType).trim();
  const number = tag('protobuf').split(',')[1] ?? '0';
  const words = [options.includes('inline') ? '-' : name, resolve(packageName, type, struct), number];
  if (goType.startsWith('*')) words.push('pointer');
  if (options.includes('omitempty')) words.push('omitempty');
  else if (!options.includes('inline') && !comment.includes('+optional')) words.push('required');
  const [listType] = marker('listType');
  if (listType === 'map') words.push(`keys=${marker('listMapKey').join(',')}`);
  if (listType === 'set') words.push('set');
  if (marker('mapType')[0] === 'atomic' || marker('structType')[0] === 'atomic') words.push('atomic');
  if (tag('patchStrategy') !== '') words.push(`patch=${tag('patchStrategy')}`);
  if (tag('patchMergeKey') !== '') words.push(`patchKey=${tag('patchMergeKey')}`);
  const [fallback] = marker('default');
  if (fallback?.startsWith('"')) words.push(`default=${JSON.parse(fallback)}`);
  struct.fields.push(words.join(' '));
}

function resolve(packageName: string, goType: string, struct: Struct): string {
  const scalar = scalars.get(goType);
  if (scalar !== undefined) return scalar;
  if (goType.startsWith('[]')) return `[]${resolve(packageName, goType.slice(2), struct)}`;
  const map = /^map\[[\w.]+\](.*)$/.exec(goType);
  if (map) return `map:${resolve(packageName, map[1] ?? '', struct)}`;
  const qualified = qualify(packageName, goType);
  if (scalars.has(qualified)) return scalars.get(qualified) as string;
  if (qualified === 'core.v1.ResourceList') return 'map:quantity';
  struct.uses.push(qualified);
  return qualified;
}

function qualify(packageName: string, goType: string): string {
  const [name = '', alias] = goType.split('.').reverse();
  if (alias === undefined) return `${packageName}.${name}`;
  if (alias === 'metav1') return `meta.v1.${name}`;
  // Only the core types are imported by that name in the packages of this table.
  if (alias === 'v1' || alias === 'corev1') return `core.v1.${name}`;
  throw new Error(`unknown package ${alias} in ${packageName}`);
}

readPackage('meta.v1', join(apimachineryDir, 'pkg/apis/meta/v1'));
for (const apiVersion of new Set(['v1', 'autoscaling/v1', ...kinds.map(apiVersionOf)])) {
  const [group = '', version = ''] = apiVersion === 'v1' ? ['core', 'v1'] : apiVersion.split('/');
  const folder = group.split('.')[0] ?? '';
  readPackage(`${folder}.${version}`, join(apiDir, folder, version));
}

const wanted = new Set<string>();
const roots = kinds.map(
  (kind) => `${kind.group === '' ? 'core' : (kind.group.split('.')[0] ?? '')}.${kind.version}.${kind.kind}`,
);
const extra = [
  'autoscaling.v1.Scale',
  'meta.v1.DeleteOptions',
  'policy.v1.Eviction',
  'core.v1.Binding',
  'authentication.v1.TokenRequest',
];
collect([...roots, ...extra]);

function collect(names: readonly string[]): void {
  for (const name of names) {
    const struct = structs.get(name);
    if (!struct || wanted.has(name)) continue;
    wanted.add(name);
    collect(struct.uses);
  }
}

/** Replaces the names of types that are no structs by what they are. */
function plain(line: string): string {
  return line.replace(/[a-z]+\.v\d\w*\.\w+/g, (name) => {
    if (structs.has(name)) return name;
    const target = aliases.get(name);
    if (target === undefined) throw new Error(`nothing is known of ${name}`);
    return scalars.get(target) ?? (target.startsWith('[]') ? `[]${scalars.get(target.slice(2))}` : target);
  });
}

for (const name of [...wanted].sort()) {
  const struct = structs.get(name) as Struct;
  console.log(`${name}${struct.typed ? ' typed' : ''}${struct.atomic ? ' atomic' : ''}`);
  for (const line of struct.fields) console.log(`  ${plain(line)}`);
}

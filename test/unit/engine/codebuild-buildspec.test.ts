import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildspec, type Variables } from '../../../lib/engine/codebuild/buildspec.ts';

/** A docker that knows buildx, and notes how it was called: the number of arguments, and each of them, before a NUL. */
const DOCKER = `#!/bin/bash
printf '%s\\0' "$#" "$@" >> "$NOTES"
while [ $# -gt 0 ]; do
  if [ "$1" = --metadata-file ]; then echo '{ "containerimage.digest": "sha256:${'a'.repeat(64)}" }' > "$2"; fi
  shift
done
`;

const SAFE: Variables = {
  FAIRLEAD_NAME: 'n'.repeat(40),
  FAIRLEAD_ARCHIVE: 'http://127.0.0.1:1/none',
  FAIRLEAD_GIT: '',
  FAIRLEAD_COMMIT: '',
  FAIRLEAD_REPOSITORY: 'registry.example/web',
  FAIRLEAD_PLATFORM: 'linux/arm64',
  FAIRLEAD_ENVIRONMENT: 'production',
  FAIRLEAD_FENCE: '1',
  FAIRLEAD_CACHE: 'registry.example/cache/web:buildkit-arm64',
  FAIRLEAD_CACHE_BELOW: '',
  FAIRLEAD_LOGINS: '',
  FAIRLEAD_LENT: '',
  FAIRLEAD_LENT_TABLE: '',
  FAIRLEAD_BUILDKITD: '',
};

const phases = parse(buildspec()).phases as Record<string, { commands: string[] }>;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-buildspec-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'work'));
  writeFileSync(join(folder, 'bin', 'docker'), DOCKER);
  chmodSync(join(folder, 'bin', 'docker'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the commands of the build phase as a machine with buildx would, on a commit with one Dockerfile. */
function build(variables: Partial<Variables>, builder: 'container' | 'engine' = 'container') {
  const work = join(folder, 'work');
  rmSync(work, { recursive: true });
  mkdirSync(join(work, 'commit'), { recursive: true });
  const notes = join(folder, 'notes');
  writeFileSync(notes, '');
  writeFileSync(join(work, 'builder'), builder);
  writeFileSync(join(work, 'app-file'), 'none\n');
  const env = {
    PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
    NOTES: notes,
    ...SAFE,
    ...variables,
  };
  const script = (phases.build?.commands ?? [])
    .map((command) => `${command}\n[ $? = 0 ] || exit 1\n`)
    .join('');
  const { status, stdout, stderr } = spawnSync('/bin/bash', ['-c', script], {
    cwd: work,
    env,
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr, calls: callsIn(readFileSync(notes, 'utf8')) };
}

function callsIn(notes: string): string[][] {
  const [count, ...rest] = notes.split('\0');
  if (!count) return [];
  const length = Number(count);
  return [rest.slice(0, length), ...callsIn(rest.slice(length).join('\0'))];
}

describe('the buildspec', () => {
  it('is one that CodeBuild takes: version 0.2, with what is read from it exported', () => {
    const spec = parse(buildspec());
    expect(spec.version).toBe(0.2);
    expect(spec.env['exported-variables']).toEqual(['FAIRLEAD_DIGEST', 'FAIRLEAD_APP_FILE']);
    expect(Object.keys(spec.phases)).toEqual(['pre_build', 'build']);
  });

  it('is sound bash', () => {
    for (const { commands } of Object.values(phases))
      for (const command of commands) execFileSync('/bin/bash', ['-n', '-c', command]);
  });

  it('has BuildKit keep all stages in the registry, in the form that ECR takes', () => {
    const { status, calls } = build({});
    expect(status).toBe(0);
    const [args = []] = calls;
    expect(args.slice(0, 2)).toEqual(['buildx', 'build']);
    const cache = 'type=registry,ref=registry.example/cache/web:buildkit-arm64';
    expect(args[args.indexOf('--cache-from') + 1]).toBe(cache);
    expect(args[args.indexOf('--cache-to') + 1]).toBe(
      `${cache},mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true`,
    );
    expect(args[args.indexOf('--platform') + 1]).toBe('linux/arm64');
    expect(args[args.indexOf('--output') + 1]).toContain('push-by-digest=true');
  });

  it('has images not say when they were made, and files keep their times, by which web servers know new ones', () => {
    const [args = []] = build({}).calls;
    expect(args[args.indexOf('--output') + 1]).toContain(',source-date-epoch=0');
    expect(args.join(' ')).not.toContain('rewrite-timestamp');
    const [engine = []] = build({}, 'engine').calls;
    expect(engine).toContain('SOURCE_DATE_EPOCH=0');
  });

  it.each(['container', 'engine'] as const)(
    'reads production’s cache for a preview, and writes its own (%s)',
    (builder) => {
      const below = 'registry.example/cache/web:production';
      const { calls } = build({ FAIRLEAD_CACHE_BELOW: below }, builder);
      const args = calls.flat();
      const name = builder === 'container' ? `type=registry,ref=${below}` : below;
      expect(args.filter((arg) => arg.includes(below))).toEqual([name]);
      expect(args[args.indexOf(name) - 1]).toBe('--cache-from');
    },
  );

  it('builds without a cache where there is none', () => {
    const { status, calls } = build({ FAIRLEAD_CACHE: '' });
    expect(status).toBe(0);
    expect(calls.flat().join(' ')).not.toContain('cache');
  });

  it('gives up where the digest stays unknown', () => {
    const { status, said } = build({}, 'engine');
    expect(status).not.toBe(0);
    expect(said).toContain('fairlead-fault: registry the digest of the image is not known');
  });

  it('takes every value as one argument, and no part of it as a command', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\0', '')),
      fc.constantFrom(
        '$(touch /tmp/owned)',
        '`id`',
        '"; exit 0; "',
        "'",
        '--push',
        'a b',
        '*',
        '\n',
        '${x',
        '\\',
      ),
    );
    fc.assert(
      fc.property(hostile, hostile, (platform, cache) => {
        const { calls } = build({ FAIRLEAD_PLATFORM: platform, FAIRLEAD_CACHE: cache });
        const [args = []] = calls;
        expect(args[args.indexOf('--platform') + 1]).toBe(platform.toWellFormed());
        const from = args.indexOf('--cache-from');
        expect(from < 0 ? '' : args[from + 1]).toBe(
          cache === '' ? '' : `type=registry,ref=${cache.toWellFormed()}`,
        );
        expect(args.at(-1)).toBe('commit');
      }),
      { numRuns: 40 },
    );
  });
});

describe('fetching the commit', () => {
  it('names no secret in what it calls or says', () => {
    const curl = '#!/bin/bash\nprintf "%s\\n" "$@" > "$NOTES"\nexit 22\n';
    writeFileSync(join(folder, 'bin', 'curl'), curl);
    chmodSync(join(folder, 'bin', 'curl'), 0o755);
    const notes = join(folder, 'notes');
    const env = {
      PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
      NOTES: notes,
      FAIRLEAD_TOKEN: 'ghp_secret"\\',
      ...SAFE,
    };
    const [fetch = ''] = phases.pre_build?.commands ?? [];
    const { status, stdout, stderr } = spawnSync('/bin/bash', ['-c', fetch], {
      cwd: join(folder, 'work'),
      env,
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('fairlead-fault: source the git host gave no archive');
    expect(stdout + stderr + readFileSync(notes, 'utf8')).not.toContain('ghp_secret');
    expect(readFileSync(notes, 'utf8')).toContain('--header\n@/dev/fd/');
  });

  it.each([
    ['https://api.github.com/x', '=https'],
    ['http://127.0.0.1:1/x', '=http,https'],
  ])('of %s, redirects may lead to %s', (archive, only) => {
    const notes = join(folder, 'notes');
    const curl = '#!/bin/bash\nprintf "%s\\n" "$*" > "$NOTES"\nexit 22\n';
    writeFileSync(join(folder, 'bin', 'curl'), curl, { mode: 0o755 });
    const PATH = `${join(folder, 'bin')}:/usr/bin:/bin`;
    const env = { ...{ PATH, NOTES: notes }, ...SAFE, FAIRLEAD_ARCHIVE: archive };
    const [fetch = ''] = phases.pre_build?.commands ?? [];
    spawnSync('/bin/bash', ['-c', fetch], { cwd: join(folder, 'work'), env });
    expect(readFileSync(notes, 'utf8')).toContain(` --location --proto ${only} `);
  });

  it.each([
    ['a token', { FAIRLEAD_TOKEN: 'glpat-1 %s' }, 'Authorization: Bearer glpat-1 %s\n'],
    ['an address and a token', { FAIRLEAD_TOKEN: 'a@b.c:t' }, `Authorization: Basic ${btoa('a@b.c:t')}\n`],
    ['a token without its line end', { FAIRLEAD_TOKEN: ' glpat-1\r\n' }, 'Authorization: Bearer glpat-1\n'],
    [
      'an address and a token without their line end',
      { FAIRLEAD_TOKEN: 'a@b.c:t\n' },
      `Authorization: Basic ${btoa('a@b.c:t')}\n`,
    ],
    ['nothing for blanks alone', { FAIRLEAD_TOKEN: ' \n' }, ''],
    [
      'what was lent for it',
      { FAIRLEAD_TOKEN: '{}', FAIRLEAD_LENT: 'lent/1' },
      'Authorization: Bearer made\n',
    ],
    [
      'of Bitbucket a token, and then as git shows it',
      { FAIRLEAD_TOKEN: 't', FAIRLEAD_ARCHIVE: 'http://127.0.0.1:1/acme/web/get/abc.tar.gz' },
      `Authorization: Bearer t\nAuthorization: Basic ${btoa('x-token-auth:t')}\n`,
    ],
    ['nothing where nothing was lent', { FAIRLEAD_LENT: 'lent/2' }, ''],
    ['nothing where there is nothing', {}, ''],
  ])('shows the host %s', (_, variables, header) => {
    const programs = {
      curl: '#!/bin/bash\nfor arg in "$@"; do [ "$last" != --header ] || cat "$(echo "$arg" | tr -d @)"; last="$arg"; done >> "$NOTES"\nexit 22\n',
      aws: '#!/bin/bash\ncase "$*" in *lent/1*Item.authorization.S*) echo "Bearer made" ;; *) echo None ;; esac\n',
    };
    for (const [name, text] of Object.entries(programs))
      writeFileSync(join(folder, 'bin', name), text, { mode: 0o755 });
    const notes = join(folder, 'notes');
    const PATH = `${join(folder, 'bin')}:/usr/bin:/bin`;
    const [fetch = ''] = phases.pre_build?.commands ?? [];
    const env = { ...{ PATH, NOTES: notes }, ...SAFE, ...variables };
    spawnSync('/bin/bash', ['-c', fetch], { cwd: join(folder, 'work'), env });
    expect(readFileSync(notes, 'utf8')).toBe(header);
  });
});

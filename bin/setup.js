// Sees to what a fresh machine lacks: the packages, Node 24 and Go. Plain JavaScript, for Node 20 or later.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Something that this script cannot see to; its message says what a person can do. */
export class SetupError extends Error {}

const say = (text) => console.error(`fairlead: ${text}`);

function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Installs the packages that package-lock.json names, when they are not there or are other ones. */
export function ensureDependencies() {
  const lock = join(root, 'package-lock.json');
  const modules = join(root, 'node_modules');
  // A link leads to another checkout's packages: npm would empty that folder before it fills one of this checkout's own.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const installed = join(modules, '.package-lock.json');
  const stamp = join(modules, '.fairlead-installed');
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  // Somebody ran npm by hand, after the lock file was written last.
  if (!existsSync(stamp) && existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs)
    return;

  say('installing packages (once; a minute or two)');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status, error } = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error || status !== 0)
    throw new SetupError(
      `npm ci failed${error ? `: ${error.message}` : ` with status ${status}`}; ` +
        'behind a proxy, set HTTPS_PROXY, or `npm config set registry` to a registry that you reach',
    );
  writeFileSync(stamp, wanted);
}

/**
 * A Node that runs TypeScript: this process's own, or the one that npm installed.
 *
 * @returns its folder, and its version without a `v`
 */
export function ensureNode() {
  const own = { folder: dirname(process.execPath), version: process.versions.node };
  const packaged = join(root, 'node_modules', 'node', 'bin');
  // A folder of packages may be a link to another checkout's.
  if (existsSync(packaged) && realpathSync(packaged) === own.folder) return own;
  const version = versionOf(join(packaged, 'node'));
  if (version === own.version) return own;
  if (version !== undefined) return { folder: packaged, version };
  if (Number(own.version.split('.')[0]) >= 24) return own;
  throw new SetupError(
    'the package `node` holds no Node 24 for this machine: install Node 24 or later, ' +
      'or let npm run install scripts (`npm config set ignore-scripts false`) and remove node_modules',
  );
}

/** Nothing for a Node that is not there, or not for this machine. */
function versionOf(node) {
  const { status, stdout } = spawnSync(node, ['--version'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout.trim().slice(1) : undefined;
}

/** The oldest Go that the local cloud's pods and the examples are compiled with. */
const OLDEST_GO = [1, 19];

function goVersion(folder) {
  const { status, stdout } = spawnSync(join(folder, 'go'), ['env', 'GOVERSION'], {
    encoding: 'utf8',
    env: { ...process.env, GOTOOLCHAIN: 'local' },
  });
  const match = status === 0 ? /^go(\d+)\.(\d+)/.exec(stdout) : null;
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}

function recentEnough(folder) {
  const version = goVersion(folder);
  return version !== undefined && (version[0] - OLDEST_GO[0] || version[1] - OLDEST_GO[1]) >= 0;
}

/** Where Go may be: what PATH names, where its installers put it, and where `downloadGo` does. */
function goFolders() {
  const versions = (parent) =>
    existsSync(parent)
      ? readdirSync(parent)
          .filter((name) => name.startsWith('go-1.'))
          .map((name) => join(parent, name, 'bin'))
      : [];
  return [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/local/go/bin',
    '/opt/homebrew/bin',
    '/usr/local/bin',
    join(homedir(), 'go', 'bin'),
    ...versions('/usr/lib'),
    ...versions(join(privateGo, 'usr', 'lib')),
  ].filter((folder) => folder !== '' && existsSync(join(folder, 'go')));
}

const privateGo = join(root, '.fairlead', 'go');

/** Package managers that bring Go: how each is asked, and whether it wants root. */
const PACKAGE_MANAGERS = [
  {
    name: 'apt-get',
    root: true,
    commands: [
      ['update', '-qq'],
      ['install', '-y', '-qq', '--no-install-recommends', 'golang-go'],
    ],
  },
  { name: 'dnf', root: true, commands: [['install', '-y', '-q', 'golang']] },
  { name: 'apk', root: true, commands: [['add', '--quiet', 'go']] },
  { name: 'pacman', root: true, commands: [['-Sy', '--noconfirm', '--quiet', 'go']] },
  { name: 'zypper', root: true, commands: [['--quiet', 'install', '-y', 'go']] },
  { name: 'brew', root: false, commands: [['install', '--quiet', 'go']] },
];

function installGo() {
  const isRoot = process.getuid?.() === 0;
  const manager = PACKAGE_MANAGERS.find(({ name }) => runs(name, ['--version']));
  if (!manager) return;
  const prefix = !manager.root || isRoot ? [] : ['sudo', '-n'];
  if (prefix.length > 0 && !runs('sudo', ['-n', 'true'])) {
    if (manager.name === 'apt-get') downloadGo();
    return;
  }
  say(`installing Go with ${manager.name}`);
  for (const args of manager.commands) {
    const [command, ...rest] = [...prefix, manager.name, ...args];
    // Its progress is not part of what this script says: standard output may be somebody's pipe.
    const { status } = spawnSync(command, rest, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status !== 0) return;
  }
}

/** Without root, Debian's packages can still be fetched by apt and unpacked into a folder of this checkout. */
function downloadGo() {
  say(`fetching Go's packages with apt into ${privateGo} (no root)`);
  const state = join(privateGo, 'apt');
  mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(state, 'archives', 'partial'), { recursive: true });
  const own = ['-o', `Dir::State::lists=${join(state, 'lists')}`, '-o', `Dir::Cache=${state}`];
  const apt = (args) =>
    spawnSync('apt-get', ['-qq', ...own, ...args], { cwd: state, stdio: ['ignore', 'ignore', 2] }).status ===
    0;
  const wanted = () => {
    const { stdout } = spawnSync(
      'apt-cache',
      [
        ...own,
        'depends',
        '--recurse',
        '--no-recommends',
        '--no-suggests',
        '--no-conflicts',
        '--no-breaks',
        '--no-replaces',
        '--no-enhances',
        'golang-go',
      ],
      { encoding: 'utf8' },
    );
    return [...new Set(stdout.match(/^golang-[\w.]+-(go|src)$/gm) ?? [])];
  };
  if (apt(['update']) && wanted().length > 0 && apt(['download', ...wanted()]))
    for (const file of readdirSync(state).filter((name) => name.endsWith('.deb')))
      spawnSync('dpkg-deb', ['-x', join(state, file), privateGo], { stdio: ['ignore', 'ignore', 2] });
  rmSync(state, { recursive: true, force: true });
}

/** @returns the folder of a Go that is recent enough, installed by the system's package manager where need be. */
export function ensureGo() {
  let found = goFolders().find(recentEnough);
  if (!found) {
    installGo();
    found = goFolders().find(recentEnough);
  }
  if (found) return found;
  throw new SetupError(
    `Go ${OLDEST_GO.join('.')} or later is needed and could not be installed here: ` +
      'install it (Debian and Ubuntu: `sudo apt-get install golang-go`; others: https://go.dev/doc/install) and try again',
  );
}

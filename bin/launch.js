// What `npm start`, `npm test` and the other scripts run: plain JavaScript for Node 20 or later, because a fresh
// machine has nothing else. It sees to what is missing, then hands over to Node 24, which runs TypeScript itself.
import { delimiter, join } from 'node:path';
import { run } from './child.js';
import { ensureDependencies, ensureGo, ensureNode, root, SetupError } from './setup.js';

const bin = (name) => join(root, 'node_modules', '.bin', name);

/** What each script runs, in order, and whether it needs Go. `ARGS` stands for what the person added. */
const SCRIPTS = {
  start: { go: true, commands: [['node', 'bin/start.ts', 'ARGS']] },
  local: { go: true, commands: [['node', 'bin/local.ts', 'ARGS']] },
  test: {
    go: true,
    commands: [[bin('vitest'), 'run', '--project', '!contract*', 'ARGS']],
  },
  'test:contract': {
    go: true,
    commands: [[bin('vitest'), 'run', '--project', 'contract*', 'ARGS']],
  },
  check: {
    go: false,
    commands: [[bin('tsc'), '-p', '.'], [bin('biome'), 'ci', '.'], [bin('knip')]],
  },
  synth: { go: false, commands: [[bin('cdk'), 'synth', 'ARGS']] },
  bench: { go: true, commands: [['node', 'bench/run.ts', 'ARGS']] },
};

/** Where the person is: npm goes to the package's folder before it runs a script. */
function folderOfPerson(script) {
  const { npm_lifecycle_event: byNpm, INIT_CWD: before } = process.env;
  return byNpm === script && before ? before : process.cwd();
}

async function main([name, ...rest]) {
  const script = SCRIPTS[name];
  if (!script)
    throw new SetupError(`there is no script "${name}"; there are ${Object.keys(SCRIPTS).join(', ')}`);
  ensureDependencies();
  const folders = [ensureNode().folder];
  if (script.go) folders.push(ensureGo());
  const env = {
    ...process.env,
    PATH: [...folders, process.env.PATH ?? ''].join(delimiter),
    FAIRLEAD_CWD: folderOfPerson(name),
  };
  for (const [command, ...args] of script.commands) {
    const code = await run(
      command === 'node' ? join(folders[0], 'node') : command,
      args.flatMap((arg) => (arg === 'ARGS' ? rest : [arg])),
      { cwd: root, env },
    );
    if (code !== 0) return code;
  }
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    if (!(error instanceof SetupError)) throw error;
    console.error(`fairlead: ${error.message}`);
    process.exitCode = 1;
  },
);

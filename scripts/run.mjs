// Runs a script of the project on the pinned Node, having installed first what it needs. Plain JavaScript without
// dependencies, because it is what runs on a fresh clone, under whatever Node ≥ 20 the host has.
//
//   node scripts/run.mjs [--debian] script.ts [arguments]
//
// --debian also installs the Debian packages that the tests need and the machine lacks.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');

/** What the tests run against besides npm packages: the command, and the Debian package that brings it. */
const DEBIAN = [
  { command: 'redis-server', package: 'redis-server' },
  { command: 'redis-cli', package: 'redis-tools' },
  { command: 'faketime', package: 'faketime' },
  { command: 'openssl', package: 'openssl' },
];

const wantsDebian = process.argv[2] === '--debian';
const [script, ...args] = process.argv.slice(wantsDebian ? 3 : 2);

installPackages();
if (wantsDebian) installDebian();
runScript();

function installPackages() {
  const lock = join(root, 'package-lock.json');
  const installed = join(root, 'node_modules', '.package-lock.json');
  const fresh =
    existsSync(installed) && existsSync(pinnedNode) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
  if (fresh) return;
  console.log('Installing npm packages (first run or changed package-lock.json) …');
  const npm = process.env['npm_execpath'];
  // Not `npm ci`: it refuses a lock file that lacks the optional packages of other platforms, and registries that mirror
  // one platform only make such lock files. `install --no-save` takes the same versions and writes neither file.
  const call = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...call], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', call, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0 || !existsSync(pinnedNode)) {
    fail('npm could not install the packages. See its message above; `npm install` in this folder repeats it.');
  }
}

function installDebian() {
  const missing = DEBIAN.filter(({ command }) => !onPath(command)).map((entry) => entry.package);
  if (missing.length === 0) return;
  const byHand = `Install them yourself: apt-get install ${missing.join(' ')} (or your system's packages of that name).`;
  if (!onPath('apt-get') || process.getuid?.() !== 0) fail(`The tests need ${missing.join(', ')}. ${byHand}`);
  console.log(`Installing Debian packages for the tests: ${missing.join(' ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (...call) =>
    spawnSync('apt-get', ['-qq', ...call], { env, stdio: ['ignore', 'ignore', 'inherit'] }).status;
  apt('update');
  if (apt('install', '-y', '--no-install-recommends', ...missing) !== 0) fail(`apt-get failed. ${byHand}`);
}

function onPath(command) {
  return (process.env['PATH'] ?? '').split(':').some((folder) => folder !== '' && existsSync(join(folder, command)));
}

function runScript() {
  const bin = join(root, 'node_modules', '.bin');
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const child = spawn(pinnedNode, [resolve(root, script), ...args], { cwd: root, env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

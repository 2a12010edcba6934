#!/usr/bin/env node
// Starts Drumline on a Node that can run it: this one when it is new enough, else the one that npm installed beside
// Drumline. Plain JavaScript, because it has to run on any Node that a host may have.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, '..', 'src', 'main.ts');

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  // Keeps stripped and compiled sources in the system's temporary folder: the second start takes a third of the first.
  nodeModule.enableCompileCache?.();
  await import(main);
} else runOnPinned();

function runOnPinned() {
  const node = pinnedNode(here);
  if (node === undefined) {
    process.stderr.write(
      `drumline needs Node ${NEEDED} or newer; this is ${process.versions.node}, and no other is installed beside it.\n` +
        'Install a newer Node, or run `npm install` in the folder of Drumline, which brings one.\n',
    );
    process.exitCode = 4;
    return;
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; this one must outlive it to pass the child's exit code on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

/** The `node` package in the nearest node_modules, from here to the root. */
function pinnedNode(from) {
  const node = join(from, 'node_modules', 'node', 'bin', 'node');
  if (existsSync(node)) return node;
  return dirname(from) === from ? undefined : pinnedNode(dirname(from));
}

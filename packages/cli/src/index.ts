export { newRun } from './beginning.ts';
export type { Context } from './context.ts';
export { readInputs } from './files.ts';
export { makeLog } from './log.ts';
export { play } from './play.ts';
export { defineProgram } from './program.ts';
export { startWorker } from './start-worker.ts';
export type { Terminal } from './terminal.ts';
export { processTerminal } from './terminal.ts';

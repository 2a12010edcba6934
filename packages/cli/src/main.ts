import { explain, runProgram } from './program.ts';
import { processTerminal } from './terminal.ts';

// A reader that has seen enough (`drumline plan | head`) closes the pipe: no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

// Node would print all that such an error carries: an error of Redis carries the command, and that may hold a password.
process.on('uncaughtException', (error) => process.exit(explain(error, processTerminal())));

process.exitCode = await runProgram(process.argv.slice(2), processTerminal());
// Everything is closed by now. If a handle has been forgotten, the user's shell is not to wait for it.
setTimeout(() => process.exit(), 2_000).unref();

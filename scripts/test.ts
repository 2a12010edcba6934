/** `npm test`: every suite, unit to end to end. Arguments go to vitest: `npm test -- packages/core`. */
import { spawnSync } from 'node:child_process';

const result = spawnSync('vitest', ['run', ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = result.status ?? 1;

/** `npm run format`: formats every file and puts imports in order, so that the format check of `npm run check` passes. */
import { spawnSync } from 'node:child_process';

const { status } = spawnSync('biome', ['check', '--linter-enabled=false', '--write', '.'], { stdio: 'inherit' });
process.exitCode = status ?? 1;

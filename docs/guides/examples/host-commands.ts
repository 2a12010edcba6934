// A plug-in: two more commands for `drumline notify`. Start each worker with --plugin docs/guides/examples/host-commands.ts;
// for the dangerous one also with --allow sync_disks and a secret.
import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { CommandSet } from '@drumline/core/notify';

const commands: CommandSet = {
  disk_free: {
    description: 'free space of a file system: path=/',
    // What it answers is the worker's row in the sender's table. An error that it throws is a failed row, with the message.
    run: async ({ path = '/' }) => {
      const { bavail, bsize } = await statfs(String(path));
      return `${path} has ${((bavail * bsize) / 1e9).toFixed(1)} GB free`;
    },
  },
  sync_disks: {
    description: 'write everything that the kernel holds back to disk',
    // It reaches beyond Drumline, so it needs a signed command and the worker's --allow.
    dangerous: true,
    run: async () => {
      await promisify(execFile)('sync');
      return 'written';
    },
  },
};

export default { commands };

/** `npm run generate`: writes every file that is made from the code. A test compares them with what this would write. */
import { writeFileSync } from 'node:fs';
import { generatedFiles } from './generators/index.ts';

for (const [path, text] of await generatedFiles()) {
  writeFileSync(new URL(`../${path}`, import.meta.url), text);
  console.log(`wrote ${path}`);
}

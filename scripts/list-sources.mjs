// Lists the source files with an ending below a folder, for binding.gyp: node scripts/list-sources.mjs FOLDER ENDING
import { readdirSync } from 'node:fs';

const [folder, ending] = process.argv.slice(2);
const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(ending));
console.log(
  names
    .sort()
    .map((name) => `${folder}/${name}`)
    .join('\n'),
);

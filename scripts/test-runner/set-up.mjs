// What a fresh clone lacks before its tests can run: Debian packages, node_modules and the build. What is there is left
// alone; a stale build is the developer's business (npm run build).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const built = [
  'build/Release/rr_engine.node',
  'build/Release/rr-launch',
  'build/Release/rr-runtime',
  'build/codec.wasm',
];
const bundled = ['dist/rr.cjs', 'dist/command-line.cjs', 'dist/rr-engine.mjs'];

function run(root, command, ...args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error !== undefined) console.log(`cannot run ${command}: ${error.message}`);
  if (status === 0) return;
  console.log(`set-up failed: ${[command, ...args].join(' ')}\n0 passed, 1 failed`);
  process.exit(1);
}

/** Ends the process when something cannot be set up. */
export function setUp(root) {
  const has = (paths) => paths.every((path) => existsSync(join(root, path)));
  run(root, 'sh', 'scripts/install-packages.sh');
  if (!existsSync(join(root, 'node_modules', 'uvu'))) run(root, 'npm', 'ci');
  else if (!has(built)) run(root, 'npm', 'run', 'build');
  else if (!has(bundled)) run(root, 'npm', 'run', 'build:bundle');
}

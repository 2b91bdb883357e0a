// npm's install script. A clone is built. A package brings what is built: that it runs here is tried, and only where it
// does not (an older C library, say) the native part is built from its sources, which the package brings, too.
// Uses nothing but Node itself.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const addon = join(root, 'build/Release/rr_engine.node');
const launcher = join(root, 'build/Release/rr-launch');

/** Ends this process when the command fails. */
function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) console.error(`cannot run ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** Why what is built does not run here; undefined: it does. In a process of its own, for it might crash. */
function whyNotUsable() {
  const load = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(addon)})`], { encoding: 'utf8' });
  if (load.status !== 0) return /^Error: (.*)$/m.exec(load.stderr)?.[1] ?? `${addon} cannot be loaded`;
  // Without a mode it only says so, with status 2.
  const launch = spawnSync(launcher, { stdio: 'ignore' });
  if (launch.status !== 2) return `${launcher} cannot be executed`;
  return undefined;
}

function buildFromSource(reason) {
  console.error(`rr-engine: what the package brings does not run here (${reason}); building it from source`);
  run(process.execPath, 'scripts/check-system.mjs');
  run(process.execPath, 'scripts/build-native.mjs');
  const still = whyNotUsable();
  if (still === undefined) return;
  console.error(`rr-engine: what was built does not run either: ${still}`);
  process.exit(1);
}

// The package has no compiler's configuration for TypeScript: only a clone has.
if (existsSync(join(root, 'tsconfig.json'))) {
  run(process.execPath, 'scripts/check-system.mjs');
  run('npm', 'run', 'build');
} else {
  const reason = whyNotUsable();
  if (reason !== undefined) buildFromSource(reason);
}

// Checks the format of every C and C++ file that git knows: node scripts/check-clang-format.mjs
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

function run(command, args, stdout) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', stdout, 'inherit'] });
  if (result.error === undefined) return result;
  console.error(`cannot run ${command}: ${result.error.message}; on Debian: sudo apt-get install -y ${command}`);
  process.exit(1);
}

const listing = run('git', ['ls-files', '-z', '--', '*.c', '*.cc', '*.h'], 'pipe');
if (listing.status !== 0) process.exit(1);
const files = listing.stdout.split('\0').filter((name) => name !== '');
if (files.length > 0) {
  const { status } = run('clang-format', ['--dry-run', '-Werror', ...files], 'inherit');
  if (status !== 0) console.error('clang-format -i FILE mends the format');
  process.exitCode = status === 0 ? 0 : 1;
}

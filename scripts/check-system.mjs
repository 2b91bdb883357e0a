// What the build needs from the system, checked before it starts: everything that is missing is named at once, with
// the command that installs it on Debian. Run by npm's install script, so it uses nothing but Node itself.
import { spawnSync } from 'node:child_process';
import { isAbsolute } from 'node:path';

const missing = [];
const packages = new Set();

function require(works, what, debianPackage) {
  if (works) return;
  missing.push(what);
  if (debianPackage !== undefined) packages.add(debianPackage);
}

/** What a command prints, or undefined when it cannot be run or fails. */
function outputOf(command, ...args) {
  const result = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

require(process.platform === 'linux' &&
  process.arch === 'x64', `x86-64 Linux (this is ${process.arch} ${process.platform})`);
const [nodeMajor] = process.versions.node.split('.').map(Number);
require(nodeMajor >= 20, `Node 20 or newer (this is ${process.version}; see https://nodejs.org)`);
require(outputOf('make', '--version') !== undefined, 'make', 'make');
require(outputOf('g++', '--version') !== undefined, 'g++', 'g++');
require(outputOf('python3', '--version') !== undefined, 'python3 (node-gyp needs it)', 'python3');
const staticLibrary = outputOf('gcc', '-print-file-name=libc.a');
// gcc prints the bare name when it finds no such file.
require(staticLibrary !== undefined && isAbsolute(staticLibrary), 'the static C library, libc.a', 'libc6-dev');

if (missing.length > 0) {
  console.error(`rr-engine cannot be built here. Missing: ${missing.join('; ')}.`);
  if (packages.size > 0) console.error(`On Debian: sudo apt-get install -y ${[...packages].join(' ')}`);
  process.exit(1);
}

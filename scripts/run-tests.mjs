// The test command: npm test [-- FILTER...]. Runs test/*.test.ts (those whose names contain a filter), each in a
// process of its own, and believes nothing but a complete summary (scripts/test-runner/verdict.mjs). The last line is
// `N passed, N failed`.
//
// --only FAMILY/GUEST runs the tests of one guest (test/guests/FAMILY/GUEST.c), --mode MODE in one mode of recording, by
// its name in test/harness/modes.ts.
//
// A file with a comment line `// Parts: N` runs N times, each with its share of the tests: no slow one takes all others
// along, and two parts run at once.
//
// For the runner's own tests: --folder DIR runs the files of another folder, --no-setup builds nothing, --time-limit S.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { killRunning, runFile } from './test-runner/run-file.mjs';
import { setUp } from './test-runner/set-up.mjs';

const filesAtOnce = 2;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string', default: join(root, 'test') },
    'no-setup': { type: 'boolean', default: false },
    'time-limit': { type: 'string' },
    only: { type: 'string' },
    mode: { type: 'string' },
  },
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    killRunning();
    process.exit(1);
  });
}

if (!values['no-setup']) setUp(root);

// test/harness/only.ts reads them.
if (values.only !== undefined) process.env.RR_TEST_ONLY = values.only;
if (values.mode !== undefined) process.env.RR_TEST_MODE = values.mode;

/** With --only: whether the file has tests of the guest's family. */
function concerns(name) {
  if (values.only === undefined) return true;
  const [family] = values.only.split('/');
  const source = readFileSync(join(values.folder, name), 'utf8');
  return new RegExp(`\\brunGuestTests\\(\\s*'${family}'|\\bguestSuite\\('guests: ${family}'`).test(source);
}

const files = readdirSync(values.folder)
  .filter((name) => name.endsWith('.test.ts') && (filters.length === 0 || filters.some((each) => name.includes(each))))
  .filter(concerns)
  .sort()
  .map((name) => join(values.folder, name));

let passed = 0;
let failed = 0;
if (files.length === 0) {
  console.log(`FAIL no test file in ${values.folder} matches ${filters.join(' ') || '*.test.ts'}`);
  failed = 1;
}

const waiting = files.flatMap((file) => {
  const parts = Number(/^\/\/ Parts: (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 1);
  if (values.only !== undefined || parts === 1) return [{ file }];
  return Array.from({ length: parts }, (_, index) => ({ file, part: `${index + 1}/${parts}` }));
});
async function runWaiting() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { file, part } = next;
    const limit = values['time-limit'] === undefined ? undefined : Number(values['time-limit']);
    const { verdict, output, seconds } = await runFile(file, root, limit, part);
    // Another file has the guest's tests.
    if (values.only !== undefined && verdict.empty) continue;
    const name = relative(root, file) + (part === undefined ? '' : ` part ${part}`);
    passed += verdict.passed;
    failed += verdict.failed;
    if (verdict.failed === 0) {
      const skipped = verdict.skipped === 0 ? '' : `, ${verdict.skipped} skipped`;
      console.log(`ok   ${name}: ${verdict.passed} passed${skipped} (${seconds.toFixed(1)} s)`);
    } else {
      console.log(`FAIL ${name} (${seconds.toFixed(1)} s)\n${output.trimEnd()}\n`);
      for (const reason of verdict.reasons) console.log(`     ${name}: ${reason}`);
    }
  }
}
await Promise.all(Array.from({ length: filesAtOnce }, runWaiting));
if (values.only !== undefined && files.length > 0 && passed + failed === 0) {
  console.log(`FAIL no test records ${values.only}`);
  failed = 1;
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

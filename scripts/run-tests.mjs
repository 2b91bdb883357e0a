// The test command: npm test [-- FILTER...]. Runs test/*.test.ts (those whose names contain a filter), each in a
// process of its own, and believes nothing but a complete summary (scripts/test-runner/verdict.mjs). The last line is
// `N passed, N failed`.
//
// For the runner's own tests: --folder DIR runs the files of another folder, --no-setup builds nothing, --time-limit S.
import { readdirSync } from 'node:fs';
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
  },
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    killRunning();
    process.exit(1);
  });
}

if (!values['no-setup']) setUp(root);

const files = readdirSync(values.folder)
  .filter((name) => name.endsWith('.test.ts') && (filters.length === 0 || filters.some((each) => name.includes(each))))
  .sort()
  .map((name) => join(values.folder, name));

let passed = 0;
let failed = 0;
if (files.length === 0) {
  console.log(`FAIL no test file in ${values.folder} matches ${filters.join(' ') || '*.test.ts'}`);
  failed = 1;
}

const waiting = [...files];
async function runWaiting() {
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const limit = values['time-limit'] === undefined ? undefined : Number(values['time-limit']);
    const { verdict, output, seconds } = await runFile(file, root, limit);
    const name = relative(root, file);
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

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

// The test runner must call broken whatever is, above all what uvu itself lets pass.
import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** Runs the runner on the fixtures whose names contain a filter. */
function run(filter: string, ...options: string[]) {
  const words = ['scripts/run-tests.mjs', '--no-setup', '--folder', 'test/fixtures/runner', ...options, filter];
  const { stdout, status } = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { output: stdout, lastLine: stdout.trimEnd().split('\n').at(-1), status };
}

test('counts what passes', () => {
  const { output, lastLine, status } = run('passes.');
  assert.is(lastLine, '2 passed, 0 failed');
  assert.is(status, 0);
  assert.match(output, /^ok {3}test\/fixtures\/runner\/passes\.test\.ts: 2 passed/m);
});

test('counts what fails and prints it in full', () => {
  const { output, lastLine, status } = run('fails.');
  assert.is(lastLine, '1 passed, 1 failed');
  assert.is(status, 1);
  assert.match(output, 'one is not two');
});

const brokenFixtures: ReadonlyArray<[name: string, reason: RegExp, lastLine: string]> = [
  ['before-throws', /a hook threw, or a test threw no Error/, '0 passed, 1 failed'],
  ['after-each-throws', /a hook threw, or a test threw no Error/, '0 passed, 1 failed'],
  ['throws-string', /FAIL/, '0 passed, 1 failed'],
  ['throws-undefined', /a hook threw, or a test threw no Error/, '0 passed, 1 failed'],
  ['suite-run-forgotten', /second\.run\(\) is missing/, '0 passed, 1 failed'],
  ['only-left', /test\.only hides/, '0 passed, 1 failed'],
  ['exits-early', /printed no summary/, '0 passed, 1 failed'],
  ['no-tests', /has no tests/, '0 passed, 1 failed'],
  ['exits-badly', /exit status 3 although/, '1 passed, 1 failed'],
  ['dies', /died of SIGKILL/, '0 passed, 1 failed'],
];
for (const [name, reason, expectedLastLine] of brokenFixtures) {
  test(`calls ${name} a failure`, () => {
    const { output, lastLine, status } = run(`${name}.`);
    assert.match(output, reason);
    assert.is(lastLine, expectedLastLine);
    assert.is(status, 1);
  });
}

test('calls a forgotten run a failure', () => {
  const { output, lastLine, status } = run('run-forgotten.', '--time-limit', '20');
  assert.match(output, /test\.run\(\) is missing/);
  assert.is(lastLine, '0 passed, 2 failed', 'both fixtures whose names end so');
  assert.is(status, 1);
});

test('kills what does not end', () => {
  const { output, lastLine, status } = run('open-handle.', '--time-limit', '4');
  assert.match(output, /did not end within 4 s/);
  assert.is(lastLine, '1 passed, 1 failed');
  assert.is(status, 1);
});

test('does not wait for processes that a test left behind', () => {
  const started = Date.now();
  const { lastLine, status } = run('leaves-process.');
  assert.is(lastLine, '1 passed, 0 failed');
  assert.is(status, 0);
  assert.ok(Date.now() - started < 30_000, 'less than the process left behind would take');
});

test('fails when no file matches', () => {
  const { lastLine, status } = run('there-is-no-such-test');
  assert.is(lastLine, '0 passed, 1 failed');
  assert.is(status, 1);
});

test('deals a file’s tests out to its parts', () => {
  const { output, lastLine } = run('dealt.');
  assert.match(output, /dealt\.test\.ts part 1\/2: 2 passed/);
  assert.match(output, /dealt\.test\.ts part 2\/2: 1 passed/);
  assert.is(lastLine, '3 passed, 0 failed');
});

test('runs the tests of one guest, and fails when there are none', () => {
  assert.is(run('dealt.', '--only', 'fixture/two').lastLine, '1 passed, 0 failed');
  const none = run('dealt.', '--only', 'fixture/four');
  assert.match(none.output, /no test records fixture\/four/);
  assert.is(none.status, 1);
});

test.run();

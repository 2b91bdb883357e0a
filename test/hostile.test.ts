// Traces that are valid but for one lie (test/hostile/lies.ts): each ends the replay at once, with an error of the engine's
// own, and no process of any of the replays has made a system call that docs/events.md does not list. A witness outside
// of them tells (test/hostile/witness.c), once they are all done.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from './harness/compile.ts';
import { documentedCalls } from './hostile/allowed-calls.ts';
import { allLies, type Ending } from './hostile/lies.ts';
import type { Outcome } from './hostile/run-lies.ts';

const test = suite('hostile traces');

const folder = dirname(fileURLToPath(import.meta.url));
const mostSeconds = 2;
const mostBytes = 64 << 20;
const codes: Readonly<Record<Ending, readonly (string | undefined)[]>> = {
  sense: ['BAD_EVENT'],
  divergence: ['DIVERGENCE'],
  store: ['STORE_FILE_MISSING'],
  harmless: ['DIVERGENCE', undefined],
};
/** A divergence is reported in lines that name what was expected and what was found. */
const mostReportLines = 40;

/** Behind our instruction, and the entries of the vsyscall page with the numbers that stand for them. */
const behindOurCall = '0x70000002';
const vsyscalls = ['96 0xffffffffff600000', '201 0xffffffffff600400', '309 0xffffffffff600800'];

interface Run {
  readonly outcomes: readonly Outcome[];
  /** NUMBER ADDRESS of every call that a replayed process has made. */
  readonly calls: readonly string[];
}

function runAll(): Run {
  const scratch = mkdtempSync(join(tmpdir(), 'rr-hostile-'));
  try {
    const witness = compile(join(folder, 'hostile/witness.c'));
    const script = join(folder, 'hostile/run-lies.ts');
    const report = join(scratch, 'calls');
    const words = [report, process.execPath, '--import', 'tsx', script];
    const { status, stdout, stderr } = spawnSync(witness, words, { encoding: 'utf8', timeout: 240_000 });
    assert.is(status, 0, stderr);
    return {
      outcomes: stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Outcome),
      calls: readFileSync(report, 'utf8').trimEnd().split('\n'),
    };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

const run = runAll();

test('each trace replays when it tells the truth', () => {
  assert.equal(
    run.outcomes.filter(({ truth }) => truth !== undefined).map(({ name, truth }) => `${name}: ${truth}`),
    [],
  );
});

for (const [index, { name, ending }] of allLies.entries()) {
  test(name, () => {
    const outcome = run.outcomes[index]!;
    assert.is(outcome.name, name);
    assert.ok(codes[ending].includes(outcome.code), `${outcome.code}: ${outcome.message}`);
    const lines = outcome.message.split('\n');
    assert.ok(lines.length <= (outcome.code === 'DIVERGENCE' ? mostReportLines : 1), outcome.message);
    assert.ok(outcome.seconds < mostSeconds, `${outcome.seconds} s`);
    assert.ok(outcome.bytes < mostBytes, `${outcome.bytes} bytes`);
  });
}

test('no replayed process has made a call that is not on the list', () => {
  const listed = documentedCalls(readFileSync('docs/events.md', 'utf8')).map((number) => `${number} ${behindOurCall}`);
  assert.equal(
    run.calls.filter((each) => !listed.includes(each) && !vsyscalls.includes(each)),
    [],
  );
  // The witness sees them.
  assert.ok(run.calls.includes(`9 ${behindOurCall}`), run.calls.join(', '));
});

test.run();

// The sessions of docs/finding-bugs-backwards.md, through real gdb: each command says what the page shows of it.
// Time limit: 600 s
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Page } from './debug/page.ts';
import { guestSource } from './debug/recording.ts';
import { compile } from './harness/compile.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('tutorial: backwards');
const page = new Page('finding-bugs-backwards.md');
const folder = mkdtempSync(join(tmpdir(), 'rr-tutorial-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const mostCommands = 9;
/** In chaos mode one recording in some ten loses the update. */
const mostTries = 150;

/** Without what differs from one recording or machine to the next: addresses, folders, who comes first of two threads. */
function plain(line: string): string {
  return line
    .replace(/0x[0-9a-f]+/g, '0x')
    .replace(/\S*\/([\w-]+\.c)/g, '$1')
    .replace(/^#\d+ +/, '# ')
    .replace(/Thread \d+/g, 'Thread')
    .replace(/\b(100|10)\b/g, 'AMOUNT')
    .trim();
}

function record(name: string, ...options: string[]): { status: number | null; trace: string } {
  const program = compile(guestSource(name), '-O0', '-pthread');
  const trace = join(folder, name);
  rmSync(trace, { recursive: true, force: true });
  const words = ['record', ...options, '-o', trace, '--store', join(folder, 'store'), program];
  const { status, signal } = spawnSync(rrCommand, words, { encoding: 'utf8', cwd: folder });
  return { status: signal === null ? status : 128, trace };
}

async function follow(name: string, trace: string): Promise<void> {
  const { length } = page.session(name);
  assert.ok(length > 4 && length <= mostCommands, `${length} commands`);
  await page.follow(name, trace, { options: ['-e'], plain });
}

test('a use after free', async () => {
  const { status, trace } = record('freed');
  assert.is(status, 128);
  await follow('freed', trace);
});

test('a lost update, which chaos mode brings out', async () => {
  for (let tries = 1; tries <= mostTries; tries++) {
    const { status, trace } = record('lost-update', '-h');
    if (status === 0) continue;
    await follow('lost-update', trace);
    return;
  }
  assert.unreachable(`no update was lost in ${mostTries} recordings`);
});

test('a smashed stack', async () => {
  const { status, trace } = record('smashed');
  assert.is(status, 128);
  await follow('smashed', trace);
});

test.run();

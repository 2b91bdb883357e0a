// The sessions of docs/finding-bugs-backwards.md, through real gdb: each command says what the page shows of it.
// Time limit: 600 s
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { guestSource, run, says } from './debug/recording.ts';
import { compile } from './harness/compile.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('tutorial: backwards');
const page = readFileSync(fileURLToPath(new URL('../docs/finding-bugs-backwards.md', import.meta.url)), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'rr-tutorial-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const mostCommands = 9;
/** In chaos mode one recording in some ten loses the update. */
const mostTries = 150;

interface Shown {
  readonly command: string;
  readonly lines: readonly string[];
}

/** The commands of a session's blocks, and what the page shows of each one's output. */
function session(name: string): Shown[] {
  const blocks = [...page.matchAll(new RegExp(`^\`\`\` ${name}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, text]) => text ?? '');
  const shown: { command: string; lines: string[] }[] = [];
  for (const line of blocks.join('').split('\n')) {
    const command = /^\(rr\) (.*)$/.exec(line)?.[1];
    if (command !== undefined) shown.push({ command, lines: [] });
    else if (line !== '') shown.at(-1)?.lines.push(line);
  }
  return shown;
}

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
  const shown = session(name);
  assert.ok(shown.length > 4 && shown.length <= mostCommands, `${shown.length} commands`);
  const mark = '>>> ';
  const words = shown.flatMap(({ command }) => ['-ex', `echo ${mark}${command}\\n`, '-ex', command]);
  const said = await run(['replay', '-e', trace, '--', '-nx', '-batch', ...words]);
  const parts = said.split(mark).slice(1);
  assert.is(parts.length, shown.length, said);
  for (const [index, { command, lines }] of shown.entries()) {
    const [, ...output] = parts[index]!.split('\n').map(plain);
    let from = 0;
    for (const line of lines) {
      const at = output.indexOf(plain(line), from);
      if (at < 0) says(parts[index]!, `${command}: ${line}`);
      from = at + 1;
    }
  }
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

// The command line as users meet it: help, version, errors and their statuses, through the real entry.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commands, globalOptions } from '../engine/cli/command-table.ts';
import { commandHelp, generalHelp } from '../engine/cli/help.ts';

function rr(...words: string[]) {
  const result = spawnSync(process.execPath, ['--import', 'tsx', 'engine/cli/main.ts', ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, RR_LOG: '', RUNNING_UNDER_RR: '' },
  });
  const { stdout, stderr, status } = result;
  return { stdout, stderr, status };
}

test('help in its three forms', () => {
  const general = rr('help');
  assert.is(general.status, 0);
  assert.is(general.stderr, '');
  assert.match(general.stdout, /^ {2}record +\S/m);
  assert.equal(rr('--help'), general);
  const command = rr('help', 'record');
  assert.match(command.stdout, /^Usage: rr record \[OPTIONS\] EXE \[ARGS\]/);
  assert.equal(rr('record', '--help'), command);
});

test('the help of a program’s own is not ours', () => {
  const { stdout } = rr('--version', 'record', 'ls', '--help');
  assert.match(stdout, /^rr version \d+\.\d+\.\d+\n$/);
});

test('-N prints the version', () => {
  assert.match(rr('-N').stdout, /^rr version \d+\.\d+\.\d+\n$/);
});

test('nothing at all says what to do', () => {
  const { stdout, stderr, status } = rr();
  assert.equal([stdout, status], ['', 2]);
  assert.match(stderr, /^rr: .*rr help/);
});

const refused: ReadonlyArray<[words: string[], status: number, message: RegExp]> = [
  [['pack', 'a', 'b', '-o', 'c'], 2, /^rr: pack: -o takes one recording; [^\n]*\n$/],
  [['-D', 'write', 'record', 'x'], 2, /^rr: record: --dump-on and --dump-at are for a replay: .*\n$/],
  [['record', '-T', '3', 'x'], 2, /^rr: record: --dump-on and --dump-at are for a replay: .*\n$/],
  [['--dump-at=x', 'replay'], 2, /^rr: --dump-at x: expected a number, 1 or more\n$/],
  [['record', '--max-size', 'much', 'x'], 2, /^rr: --max-size much: expected a size, as 500K, 20M or 1.5G\n$/],
  [['replay', '-t', '1'], 2, /^rr: --trace 1: expected a number, 2 or more\n$/],
  [['recrod', 'ls'], 2, /unknown command "recrod"; did you mean record\?/],
  [['help', 'recrod'], 2, /did you mean record\?/],
  [['--lgo', 'x'], 2, /unknown option --lgo; did you mean --log\?/],
  [['--log', 'all:loud', 'help'], 2, /"all:loud".*error, warn, info, debug/],
  [['ps', 'a', 'b'], 2, /ps: "b" is one word too many/],
  [['record'], 2, /which program/],
  [['-C', 'never', 'record', 'x'], 2, /on-syscalls/],
];
for (const [words, expectedStatus, message] of refused) {
  test(`refuses: rr ${words.join(' ')}`, () => {
    const { stdout, stderr, status } = rr(...words);
    assert.match(stderr, message);
    assert.is(stderr.split('\n').length, 2, 'one line');
    assert.equal([stdout, status], ['', expectedStatus]);
  });
}

test('a directory without a command is a trace to replay', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-cli-'));
  try {
    assert.match(rr(folder).stderr, /not a trace/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('inside a recording, --nested is named', () => {
  const { stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', 'engine/cli/main.ts', 'record', 'true'], {
    encoding: 'utf8',
    env: { ...process.env, RUNNING_UNDER_RR: '1' },
  });
  assert.is(status, 1);
  assert.match(stderr, /^rr: .*--nested=ignore/);
});

test('every command and option is in the help, once', () => {
  const general = generalHelp();
  for (const command of commands) assert.match(general, new RegExp(`^ .*\\b${command.name}\\b`, 'm'));
  const texts = [
    [generalHelp(), globalOptions] as const,
    ...commands.map((each) => [commandHelp(each), each.options] as const),
  ];
  for (const [text, options] of texts) {
    for (const { long, state } of options) {
      const count = text.match(new RegExp(`--${long}(?![a-z-])`, 'g'))?.length ?? 0;
      assert.is(count, state === 'hidden' ? 0 : 1, long);
    }
  }
});

test('no letter and no name stands for two options', () => {
  for (const options of [globalOptions, ...commands.map((each) => each.options)]) {
    const names = options.flatMap(({ long, short }) => (short === undefined ? [long] : [long, short]));
    assert.is(new Set(names).size, names.length);
  }
});

test('lines of help fit a terminal of 120 columns', () => {
  for (const text of [generalHelp(), ...commands.map(commandHelp)]) {
    for (const line of text.split('\n')) assert.ok(line.length <= 120, line);
  }
});

test.run();

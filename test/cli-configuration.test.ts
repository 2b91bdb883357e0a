// Options from files and from RR_OPTIONS: where they are, which is stronger, and what nonsense gets.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findCommand, globalOptions } from '../engine/cli/command-table.ts';
import { configurationFiles, configuredOptions } from '../engine/cli/configuration.ts';
import { splitShellWords, UnfinishedError } from '../engine/cli/shell-words.ts';
import { UsageError } from '../engine/errors.ts';
import { withPlace } from './edge/place.ts';

const test = suite('configuration');
const root = mkdtempSync(join(tmpdir(), 'rr-configuration-'));
test.after(() => rmSync(root, { recursive: true }));

const environment = { XDG_CONFIG_DIRS: `${root}/first:${root}/second`, XDG_CONFIG_HOME: `${root}/user`, HOME: root };

function write(folder: string, text: string): string {
  const path = join(root, folder, 'rr/rr.conf');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function options(name: string, more: Readonly<Record<string, string>> = {}) {
  return configuredOptions(findCommand(name)!, globalOptions, { ...environment, ...more });
}

test('files by the rules of XDG, the weakest first', () => {
  assert.equal(configurationFiles({ HOME: '/home/me' }), ['/etc/xdg/rr/rr.conf', '/home/me/.config/rr/rr.conf']);
  assert.equal(configurationFiles({ HOME: '/home/me', XDG_CONFIG_DIRS: '/a:b:/c', XDG_CONFIG_HOME: 'relative' }), [
    '/c/rr/rr.conf',
    '/a/rr/rr.conf',
    '/home/me/.config/rr/rr.conf',
  ]);
});

test('the user stands above the machine, and RR_OPTIONS above the user', () => {
  write('second', '[record]\nkeep = never\nmax-size=1M\nmax-time = 5s\nenv = A=1\n');
  write('first', '[record]\n  keep = always  \n; max-size = 5M\n');
  write(
    'user',
    '# mine\n\n[ps]\njson\n[record]\nmax-time = 10s\nchaos = yes\nwait = no\nenv = B=2 3\nlog = all:warn\n',
  );
  const values = options('record', { RR_OPTIONS: `--max-time 20s -v 'C=x "y'` });
  assert.is(values.text('keep'), 'always');
  assert.is(values.text('max-size'), '1M');
  assert.is(values.text('max-time'), '20s');
  assert.equal(values.all('env'), ['A=1', 'B=2 3', 'C=x "y']);
  assert.ok(values.has('chaos') && !values.has('wait') && !values.has('json'));
  assert.is(values.text('log'), 'all:warn');
  assert.ok(options('ps', { RR_OPTIONS: '--chaos' }).has('json'));
  assert.not(options('ps', { RR_OPTIONS: '--chaos' }).has('chaos'));
  for (const folder of ['first', 'second', 'user']) rmSync(join(root, folder), { recursive: true });
  assert.not(options('record').has('keep'));
});

const nonsense: Readonly<Record<string, RegExp>> = {
  'keep = always': /rr\.conf:1: "keep = always" stands before the first \[COMMAND\]/,
  '[recrod]': /rr\.conf:1: \[recrod\] is no command/,
  '[record': /rr\.conf:1: "\[record" stands before/,
  '[record]\n\nkep = always': /rr\.conf:3: "kep" is no option of rr record; did you mean keep\?/,
  '[ps]\nkeep = always': /rr\.conf:2: "keep" is no option of rr ps/,
  '[record]\nkeep': /rr\.conf:2: keep needs a value/,
  '[record]\nchaos = perhaps': /rr\.conf:2: chaos = perhaps: expected yes or no/,
  '[record]\nkeep-last = 5M': /rr\.conf:2: keep-last: .*checkpoints/,
  '\0\x01\x02': /no configuration file/,
};
for (const [text, message] of Object.entries(nonsense)) {
  test(`nonsense, for every command: ${JSON.stringify(text)}`, () => {
    write('user', text);
    for (const command of ['record', 'ps']) {
      try {
        options(command);
      } catch (error) {
        assert.instance(error, UsageError);
        assert.match((error as UsageError).message, message);
        continue;
      }
      assert.unreachable('nothing thrown');
    }
    rmSync(join(root, 'user'), { recursive: true });
  });
}

test('a directory in the place of the file', () => {
  mkdirSync(join(root, 'user/rr/rr.conf'), { recursive: true });
  assert.throws(() => options('record'), /rr\.conf: cannot read it: EISDIR/);
  rmSync(join(root, 'user'), { recursive: true });
});

test('a pipe in the place of the file is not waited for', () => {
  mkdirSync(join(root, 'user/rr'), { recursive: true });
  assert.is(spawnSync('mkfifo', [join(root, 'user/rr/rr.conf')]).status, 0);
  assert.throws(() => options('record'), /rr\.conf: no configuration file: it is no regular file/);
  rmSync(join(root, 'user'), { recursive: true });
  write('user', `#${'x'.repeat(1 << 20)}`);
  assert.throws(() => options('record'), /rr\.conf: no configuration file: it has \d+ bytes, more than/);
  rmSync(join(root, 'user'), { recursive: true });
});

test('words as a shell splits them', () => {
  assert.equal(splitShellWords(` a  b\tc\n'd e' "f \\"g\\" \\n $h" i\\ j k''l "" `), [
    'a',
    'b',
    'c',
    'd e',
    'f "g" \\n $h',
    'i j',
    'kl',
    '',
  ]);
  for (const text of ["'", '"', '\\', 'a "b', "x'y"]) {
    assert.throws(
      () => splitShellWords(text),
      (error: unknown) => error instanceof UnfinishedError,
    );
  }
});

test('the command line stands above all, and can do without', () =>
  withPlace(async (place) => {
    const env = { RR_OPTIONS: '--keep=never', XDG_CONFIG_HOME: place.path('config') };
    mkdirSync(place.path('config/rr'), { recursive: true });
    writeFileSync(place.path('config/rr/rr.conf'), '[record]\nenv = GREETING=hello\n');
    const print = ['record', 'sh', '-c', 'echo $GREETING'];
    const configured = await place.sh('"$RR" "$@"', { env, args: print });
    assert.is(configured.out, 'hello\n', configured.story);
    assert.equal(place.traceNames(), []);
    const without = await place.sh('"$RR" --no-config "$@"', { env, args: print });
    assert.is(without.out, '\n', without.story);
    const stronger = await place.sh('"$RR" record --keep=always "$@"', { env, args: print.slice(1) });
    assert.is(stronger.out, 'hello\n', stronger.story);
    assert.equal(place.traceNames(), ['sh-0', 'sh-1']);
    for (const words of ["'", '--kep=never', '--keep=some', 'true']) {
      const run = await place.sh('"$RR" record true', { env: { RR_OPTIONS: words } });
      assert.is(run.status, 2, run.story);
      assert.match(run.err, /^rr: [^\n]+\n$/);
    }
    assert.is((await place.sh('"$RR" ls', { env: { RR_OPTIONS: "'" } })).status, 0);
  }));

test.run();

// What the front remembers for the program: signals, limits, descriptors, environment, bytes that are not UTF-8.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exactWords, splitAtNul } from '../engine/cli/exact-words.ts';
import { parseFrontState, restoreEnvironment } from '../engine/cli/inherited-state.ts';

const launcher = 'build/Release/rr-launch';

/** Runs the front, after shell commands that prepare its state and by a wrapper, with a bundle that prints what Node sees. */
function front(prepare: string, script: string, wrapper = '', words = `one 'two three'`) {
  const folder = mkdtempSync(join(tmpdir(), 'rr-front-'));
  try {
    mkdirSync(join(folder, 'build/Release'), { recursive: true });
    mkdirSync(join(folder, 'dist'));
    mkdirSync(join(folder, 'bin'));
    copyFileSync(launcher, join(folder, 'build/Release/rr-launch'));
    symlinkSync('../build/Release/rr-launch', join(folder, 'bin/rr'));
    writeFileSync(join(folder, 'dist/rr.cjs'), script);
    const command = `${prepare}\nexec ${wrapper} ${folder}/bin/rr ${words}`;
    return spawnSync('bash', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const printState = `console.log(process.env._RR_FRONT);`;

test('the front remembers ignored signals, the mask, limits and closed descriptors', () => {
  const prepare = [`trap '' PIPE USR1 XFSZ`, 'ulimit -Sn 123', 'ulimit -Hn 1000', 'exec <&-'].join('\n');
  // A shell cannot block signals; the mask survives an exec, and so do the ignored ones.
  const wrapper = `/usr/bin/python3 -c 'import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGTERM])
os.execv(sys.argv[1], sys.argv[1:])'`;
  const { stdout, stderr } = front(prepare, printState, wrapper);
  const state = parseFrontState(stdout.trim());
  assert.ok(state !== undefined, `${stdout}${stderr}`);
  const bit = (signal: number) => 1n << BigInt(signal - 1);
  assert.is(state.ignoredSignals & (bit(13) | bit(10) | bit(25)), bit(13) | bit(10) | bit(25));
  assert.is(state.ignoredSignals & (bit(15) | bit(17) | bit(2)), 0n);
  assert.is(state.blockedSignals, bit(12) | bit(15));
  assert.is(state.softFileLimit, 123n);
  assert.is(state.hardFileLimit, 1000n);
  assert.is(state.closedDescriptors, 1);
});

test('Node starts with no signal blocked and the same arguments', () => {
  const script = `const { readFileSync } = require('node:fs');
    const blocked = /^SigBlk:\\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
    console.log(JSON.stringify([BigInt('0x' + blocked).toString(), process.argv.slice(2)]));`;
  assert.equal(JSON.parse(front('', script).stdout), ['0', ['one', 'two three']]);
});

test('variables that steer Node are kept for the program and not used by ours', () => {
  const script = `const names = Object.keys(process.env).filter((name) => name.includes('NODE_'));
    console.log(names.sort().map((name) => name + '=' + process.env[name]).join(' '));`;
  const prepare =
    'unset $(compgen -e NODE_); export NODE_OPTIONS=--no-such-option NODE_PATH=/x _RR_NODE_OLD=1 MY_NODE_X=2';
  assert.is(front(prepare, script).stdout, 'MY_NODE_X=2 _RR_NODE_OPTIONS=--no-such-option _RR_NODE_PATH=/x\n');
});

test('a Node that cannot be executed is named', () => {
  const missing = front('export RR_NODE=/nonexistent/node', printState);
  assert.is(missing.status, 127);
  assert.match(missing.stderr, /cannot execute \/nonexistent\/node: No such file or directory\n.*RR_NODE/);
  const notExecutable = front('export RR_NODE=/etc/passwd', printState);
  assert.is(notExecutable.status, 126);
  assert.match(notExecutable.stderr, /\/etc\/passwd: Permission denied/);
});

test('a package without its bundle is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-front-'));
  try {
    mkdirSync(join(folder, 'build/Release'), { recursive: true });
    const command = join(folder, 'build/Release/rr');
    copyFileSync(launcher, command);
    const run = spawnSync(command, ['-N'], { encoding: 'utf8' });
    assert.is(run.status, 1);
    assert.is(run.stderr, `rr: ${folder}/dist/rr.cjs: No such file or directory; run \`npm ci\` in ${folder}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('inside a recording, the front becomes the program that Node names', () => {
  const script = `const { writeSync } = require('node:fs');
    writeSync(Number(process.env._RR_NESTED_FD), 'record\\x003\\0ADDED=yes\\0');`;
  const program = `sh -c 'echo "$ADDED:$_RR_FRONT$_RR_NESTED_FD:$$"; exit 7'`;
  const { stdout, status } = front('export RUNNING_UNDER_RR=1; echo $$', script, '', program);
  const [shellPid, line] = stdout.split('\n');
  assert.is(line, `yes::${shellPid}`);
  assert.is(status, 7);
});

test('inside a recording, the front ends as Node does when it names no program', () => {
  const prepare = 'export RUNNING_UNDER_RR=1';
  assert.is(front(prepare, 'process.exit(3)').status, 3);
  assert.is(front(prepare, `process.kill(process.pid, 'SIGKILL')`).signal, 'SIGKILL');
});

test('the state is refused unless it is complete', () => {
  for (const text of ['', '0:0:1:1', '0:0:1:1:0:0', 'x:0:1:1:0', '0:0:1:1:', '0:0:1:1:00000000000000000']) {
    assert.is(parseFrontState(text), undefined, text);
  }
  assert.equal(parseFrontState('1000:2:400:ffffffffffffffff:5'), {
    ignoredSignals: 0x1000n,
    blockedSignals: 2n,
    softFileLimit: 0x400n,
    hardFileLimit: 0xffffffffffffffffn,
    closedDescriptors: 5,
  });
});

test('the environment comes back byte for byte, without what the front added', () => {
  const strange = Buffer.from([0x41, 0x3d, 0xff, 0xfe]);
  const given = ['_RR_FRONT=0:0:0:0:0', 'B=1', '_RR_NODE_OPTIONS=--x=é'].map((each) => Buffer.from(each));
  const expected = [strange, Buffer.from('B=1'), Buffer.from('NODE_OPTIONS=--x=é')];
  assert.equal([...restoreEnvironment([strange, ...given])], expected);
});

test('lists of zero-terminated strings', () => {
  const strings = (text: string) => splitAtNul(Buffer.from(text)).map(String);
  assert.equal(strings('a\0\0b c\0'), ['a', '', 'b c']);
  assert.equal(strings('a\0b'), ['a', 'b']);
  assert.equal(strings(''), []);
});

test('the program gets no variable that nobody gave it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-front-'));
  try {
    const names = (...variables: string[]) => {
      const words = ['-i', ...variables, 'bin/rr', 'record', '-o', join(folder, `${variables.length}`), 'env'];
      const environment = execFileSync('env', words, { encoding: 'utf8' });
      return environment.match(/^\w+(?==)/gm)!.filter((name) => /PWD|SHLVL|^_|^[AB]$/.test(name));
    };
    assert.equal(names('A=1'), ['A']);
    assert.equal(names('A=1', `PWD=${process.cwd()}`, 'B=2').sort(), ['A', 'B', 'PWD']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('arguments that are not UTF-8 are found in the command line', () => {
  const source = `import { exactWords } from './engine/cli/exact-words.ts';
    console.log(exactWords(process.argv.slice(-2)).map((word) => word.toString('hex')).join(' '));`;
  const shell = `exec '${process.execPath}' --import tsx --input-type=module -e "$1" -- plain "$(printf '\\377\\376')"`;
  assert.is(execFileSync('bash', ['-c', shell, 'bash', source], { encoding: 'utf8' }), '706c61696e fffe\n');
  assert.equal(exactWords(['é', '�']).map(String), ['é', '�'], 'words that are not this process’s stay as they are');
});

test.run();

// `rr replay` around the debugger: its options, a debugger attached by hand, ports, debuggers that are not there, clients
// that go away, traces that break off.
// Time limit: 300 s
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runGdb } from './debug/gdb.ts';
import { recordGuest, run, says } from './debug/recording.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('debug: session');
const calls = recordGuest('calls');
test.after(() => calls[Symbol.dispose]());

/** A replay that waits for debuggers. */
class Waiting {
  readonly child: ChildProcess;
  #said = '';
  #wake: () => void = () => undefined;

  constructor(...options: readonly string[]) {
    this.child = spawn(rrCommand, ['replay', ...options, calls.trace], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (bytes: Buffer) => {
        this.#said += bytes.toString();
        this.#wake();
      });
    }
    this.child.on('close', () => this.#wake());
  }

  /** What it has said, once that is there. */
  async says(expected: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = expected.exec(this.#said);
      if (found !== null) return found;
      if (this.child.exitCode !== null) throw new Error(`rr has ended; no ${expected} in\n${this.#said}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The words of the command that it prints, without gdb's name. */
  async attachWords(): Promise<string[]> {
    const [, line] = await this.says(/attach one with\n {2}gdb (.*)\n/);
    return [...line!.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
  }

  async port(): Promise<number> {
    const [, port] = await this.says(/target extended-remote [^ :]+:(\d+)/);
    return Number(port);
  }

  async ended(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, 'close');
    return this.child.exitCode;
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL');
  }
}

test('-x reads a file of commands, -o and -- hand options on', async () => {
  const file = join(calls.folder, 'commands');
  writeFileSync(file, 'break square\ncontinue\nprint value\n');
  const options = ['-x', file, '-o', '-batch', '-o', '-ex', '-o', 'print value + 10'];
  const said = await run(['replay', ...options, calls.trace, '--', '-nx', '-ex', 'print value + 20']);
  const values = [...said.matchAll(/^\$\d+ = (\d+)$/gm)].map(([, value]) => value);
  assert.equal(values, ['0', '10', '20'], said);
});

test('the commands of a temporary breakpoint run once, and `back` knows the stops in their order', async () => {
  const file = join(calls.folder, 'temporary');
  const lines = ['tbreak square', 'commands', 'silent', 'printf "square %d\\n", value', 'continue', 'end'];
  lines.push('tbreak move if by == 5', 'continue', 'print by', 'back', 'print value', 'forward', 'print by');
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  const said = await run(['replay', '-x', file, calls.trace, '--', '-nx', '-batch']);
  assert.equal(said.match(/^square \d+$/gm), ['square 0'], said);
  const values = [...said.matchAll(/^\$\d+ = (\d+)$/gm)].map(([, value]) => value);
  assert.equal(values, ['5', '0', '5'], said);
});

test('--tty takes the program’s output, -q drops it; --fullname marks lines for Emacs; -i names an interpreter', async () => {
  const file = join(calls.folder, 'terminal');
  writeFileSync(file, '');
  const end = ['--', '-nx', '-batch', '-ex', 'break main', '-ex', 'continue', '-ex', 'continue'];
  assert.is(
    await run(['replay', '--tty', '/proc/nonexistent/terminal', calls.trace, ...end]),
    'rr: --tty: cannot open /proc/nonexistent/terminal: ENOENT; name a terminal or a file\n',
  );
  const elsewhere = await run(['replay', '--tty', file, calls.trace, ...end]);
  assert.is(readFileSync(file, 'utf8'), 'total 285 at 46,-43\n');
  assert.not.match(elsewhere, /^total/m);
  assert.not.match(await run(['replay', '-q', calls.trace, ...end]), /^total/m);
  const marked = await run(['replay', '--fullname', calls.trace, ...end]);
  says(marked, /\p{Cc}{2}\/[^\n]*calls\.c:\d+:/u);
  assert.match(marked, /^total 285/m);
  assert.match(await run(['replay', '-i', 'mi', calls.trace, ...end]), /^\*stopped,/m);
});

test('the exit status is the debugger’s', async () => {
  const child = spawn(rrCommand, ['replay', calls.trace, '--', '-nx', '-batch', '-ex', 'quit 9'], { stdio: 'ignore' });
  const [status] = await once(child, 'close');
  assert.is(status, 9);
});

test('-s 0 prints the command by which gdb attaches, and ends when that is done', async () => {
  using replay = new Waiting('-s', '0');
  const words = await replay.attachWords();
  const said = await runGdb(words, ['break square', 'continue', 'print value', 'when', 'reverse-continue', 'run']);
  says(said, '$1 = 0');
  says(said, /^Completed event: \d+$/m);
  says(said, /_start \(\)/);
  assert.is(await replay.ended(), 0);
});

test('-k waits for the next debugger; one that goes away in the middle leaves the next a replay', async () => {
  using replay = new Waiting('-s', '0', '-k');
  const port = await replay.port();
  // Each connects in the moment in which the one before has gone.
  for (let times = 0; times < 10; times++) {
    const rude = connect(port, '127.0.0.1');
    await once(rude, 'connect');
    rude.write('$qSupported#37$vCont;c#a8');
    const [answer] = (await once(rude, 'data')) as [Buffer];
    assert.not.match(answer.toString(), /another debugger/, `the ${times + 1}th`);
    rude.destroy();
  }
  const words = await replay.attachWords();
  for (let times = 0; times < 2; times++) {
    const said = await runGdb(words, ['run', 'break square if value == 4', 'continue', 'print value']);
    says(said, '$1 = 4');
  }
  replay.child.kill('SIGTERM');
  assert.is(await replay.ended(), 143);
});

test('a second debugger is turned away, and says so on both sides', async () => {
  using replay = new Waiting('-s', '0');
  const words = await replay.attachWords();
  const first = connect(await replay.port(), '127.0.0.1');
  await once(first, 'connect');
  const said = await runGdb(words, ['print 1']);
  says(said, /another debugger is connected|Remote connection closed|Remote replied unexpectedly/);
  await replay.says(/a second debugger was turned away: one at a time can look at a replay/);
  first.destroy();
  assert.is(await replay.ended(), 0);
});

test('a port in use, a debugger that is not there, a process or an event that is not recorded: one line each', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const inUse = await run(['replay', '-s', `${port}`, calls.trace]);
  other.close();
  assert.is(inUse, `rr: port ${port} is in use; name another with -s, or -s 0 for any\n`);
  const missing = await run(['replay', '-d', '/nonexistent/gdb', calls.trace]);
  assert.is(missing, 'rr: cannot find the debugger /nonexistent/gdb: is it installed?\n');
  assert.match(
    await run(['replay', '-p', 'nobody', calls.trace]),
    /^rr: the recording has no process nobody; [^\n]*\n$/,
  );
  assert.match(await run(['replay', '-f', '1', calls.trace]), /^rr: the recording has no process 1; [^\n]*\n$/);
  assert.match(await run(['replay', '-g', '99999', calls.trace]), /^rr: no event 99999: [^\n]*\n$/);
  assert.match(
    await run(['replay', '-h', 'nowhere.invalid', '-s', '0', calls.trace]),
    /^rr: cannot listen at [^\n]*\n$/,
  );
});

test('a trace that breaks off is debugged up to there, and says where that is', async () => {
  // The store has what the program maps: those files are larger than the limit. A chunk has a MiB that is not compressed.
  using fills = recordGuest('fills');
  const short = join(fills.folder, 'short');
  const script = 'ulimit -f 2500; exec "$0" record -o "$1" --store "$2" "$3"';
  spawnSync('bash', ['-c', script, rrCommand, short, join(fills.folder, 'store'), fills.program], { stdio: 'ignore' });
  const commands = [
    'break eat',
    'continue',
    'print round',
    'delete',
    'continue',
    'when',
    'tbreak eat',
    'reverse-continue',
  ];
  commands.push('print round > 3', 'backtrace', 'seek 99999');
  const said = await run(['replay', short, '--', '-nx', '-batch', ...commands.flatMap((command) => ['-ex', command])]);
  says(said, /^rr: .*the trace breaks off after event \d+; it can be debugged up to there$/m);
  says(said, '$1 = 0');
  says(said, /^The trace breaks off here, after event \d+: .* does not reach the program's end\.$/m);
  says(said, /^Completed event: \d+$/m);
  says(said, '$2 = 1');
  says(said, /^#1 .* main \(\)/m);
  says(said, /^no event 99999: the recording has events 1 to \d+$/m);
});

test('a trace that is none is told in one line', async () => {
  const empty = join(calls.folder, 'empty');
  mkdirSync(empty);
  assert.match(await run(['replay', empty]), /^rr: [^\n]*\n$/);
});

test.run();

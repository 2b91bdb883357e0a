// gdb's machine interface over a recording, as editors drive it; and lldb.
// Time limit: 300 s
import { spawn } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { recordGuest, run, says } from './debug/recording.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('debug: mi');
const calls = recordGuest('calls');
test.after(() => calls[Symbol.dispose]());

const stopped = /^\*stopped,.*$/m;

/** A session of `rr replay -i mi`. */
class Machine {
  readonly #child = spawn(rrCommand, ['replay', '-i', 'mi', calls.trace, '--', '-nx'], {
    env: { PATH: process.env.PATH ?? '', HOME: '/proc/nonexistent', LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  readonly ended = new Promise<number | null>((resolve) => this.#child.on('close', resolve));
  #said = '';
  #at = 0;
  #wake: () => void = () => undefined;

  constructor() {
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on('data', (bytes: Buffer) => {
        this.#said += bytes.toString();
        this.#wake();
      });
    }
    this.#child.on('close', () => this.#wake());
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }

  /** Sends a command, and gives all that comes up to a line like that. */
  async ask(command: string, until: RegExp): Promise<string> {
    this.#child.stdin.write(`${command}\n`);
    return this.wait(until);
  }

  async wait(until: RegExp): Promise<string> {
    for (;;) {
      const text = this.#said.slice(this.#at);
      const found = until.exec(text);
      if (found !== null) {
        const end = found.index + found[0].length;
        this.#at += end;
        return text.slice(0, end);
      }
      if (this.#child.exitCode !== null) throw new Error(`gdb has ended; no ${until} in\n${text}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Runs until the next stop, which it gives. */
  async resume(command: string): Promise<string> {
    await this.ask(command, /^\^(running|error.*)$/m);
    return this.wait(stopped);
  }
}

test('an editor’s commands, with --reverse', async () => {
  using machine = new Machine();
  await machine.wait(/^\(gdb\) $/m);
  says(await machine.ask('-break-insert square', /^\^(done|error).*$/m), /\^done,bkpt=\{number="1".*func="square"/);
  says(
    await machine.resume('-exec-continue'),
    /reason="breakpoint-hit".*func="square",args=\[\{name="value",value="0"\}\]/,
  );
  says(await machine.resume('-exec-continue'), /value="1"/);
  says(await machine.resume('-exec-next'), /reason="end-stepping-range"/);
  says(await machine.ask('-data-evaluate-expression result', /^\^(done|error).*$/m), '^done,value="1"');
  says(await machine.ask('-stack-list-frames', /^\^(done|error).*$/m), /func="square".*func="move".*func="main"/);
  says(await machine.resume('-exec-continue --reverse'), /reason="breakpoint-hit".*value="1"/);
  says(await machine.resume('-exec-continue --reverse'), /reason="breakpoint-hit".*value="0"/);
  says(await machine.resume('-exec-step --reverse'), /func="move"/);
  says(await machine.resume('-exec-continue --reverse'), /frame=\{addr="0x[0-9a-f]+",func="_start"/);
  says(await machine.resume('-exec-run'), 'func="_start"');
  says(await machine.ask('-interpreter-exec console when', /^\^(done|error).*$/m), /Completed event: \d+/);
  await machine.ask('-gdb-exit', /^\^exit$/m);
  assert.is(await machine.ended, 0);
});

test('lldb: a breakpoint, the stack, values, seek, the end', async () => {
  const commands = [
    'breakpoint set -n square',
    'continue',
    'continue',
    'thread backtrace',
    'image list',
    'frame variable value',
    'when',
    'checkpoint',
    'continue',
    'frame variable value',
    'restart 1',
    'continue',
    'frame variable value',
    'seek begin',
    'continue',
    'when',
    'kill',
  ];
  const said = await run([
    'replay',
    '-d',
    'lldb',
    calls.trace,
    '--',
    '--no-lldbinit',
    '--batch',
    ...commands.flatMap((command) => ['-o', command]),
  ]);
  says(said, /^Breakpoint 1: where = calls`square/m);
  says(said, /stop reason = breakpoint 1\.1/);
  says(said, /frame #1: .* calls`move\(/);
  says(said, /^\[ +\d+\] .*\/libc\.so\.6 *$/m);
  const values = [...said.matchAll(/^\(int\) value = (\d+)$/gm)].map(([, value]) => Number(value));
  assert.equal(values, [1, 2, 1], said);
  assert.is(said.match(/^Completed event: \d+$/gm)?.length, 2, said);
  says(said, /^Process \d+ exited with status = 9 \(0x0+9\) *$/m);
});

test.run();

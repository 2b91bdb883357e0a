// `rr replay` on a terminal: it leaves the terminal as it was, and no process behind, whatever ends it.
// Time limit: 300 s
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { recordGuest } from './debug/recording.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('debug: terminal');
const script = fileURLToPath(new URL('debug/terminal.py', import.meta.url));
const computes = recordGuest('computes');
test.after(() => computes[Symbol.dispose]());

/** What the scenario (terminal.py) finds wrong; nothing when all is well. */
function play(scenario: string): Promise<string> {
  const python = spawn('/usr/bin/python3', [script, rrCommand, computes.trace, scenario], {
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [python.stdout, python.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
  }
  return new Promise((resolve, reject) => {
    python.on('error', reject);
    python.on('close', (status) => resolve(status === 0 ? said : `status ${status}\n${said}`));
  });
}

const scenarios: Readonly<Record<string, string>> = {
  quit_: 'quit',
  end_of_input: 'Ctrl-D',
  interrupt_at_prompt: 'Ctrl-C at the prompt, which ends nothing',
  interrupt_running: 'Ctrl-C while the program runs, which stops it',
  suspend: 'Ctrl-Z, and going on in the foreground',
  kill_gdb: 'SIGKILL of gdb',
  kill_rr: 'SIGKILL of rr',
  terminate_rr: 'SIGTERM of rr',
  hang_up: 'a terminal that goes away',
};
for (const [scenario, name] of Object.entries(scenarios)) {
  test(name, async () => assert.is(await play(scenario), ''));
}

test.run();

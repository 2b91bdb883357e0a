// `rr replay` on a terminal: it is left as it was, and no process stays, whatever ends the session.
// Time limit: 600 s
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { recordGuest } from './debug/recording.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('debug: terminal');
const script = fileURLToPath(new URL('debug/terminal.py', import.meta.url));
const recording = recordGuest('calls');
const endless = recordGuest('computes');
test.after(() => {
  recording[Symbol.dispose]();
  endless[Symbol.dispose]();
});

function scenario(title: string, name: string, { trace } = recording): void {
  test(title, () => {
    const { status, stdout, stderr } = spawnSync('/usr/bin/python3', [script, rrCommand, trace, name], {
      encoding: 'utf8',
      timeout: 120_000,
    });
    assert.is(status, 0, `${name}: ${stdout}${stderr}`);
  });
}

scenario('quit', 'quit_');
scenario('the end of the input', 'end_of_input');
scenario('Ctrl-C at the prompt', 'interrupt_at_prompt');
scenario('Ctrl-Z and fg', 'suspend');
scenario('gdb is killed', 'kill_gdb');
scenario('rr is killed', 'kill_rr');
scenario('rr is asked to end', 'terminate_rr');
scenario('the terminal goes away', 'hang_up');
scenario('Ctrl-C while the replay runs', 'interrupt_running', endless);

test.run();

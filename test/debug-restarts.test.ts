// A call that the kernel makes again: the place behind its interruption is one place, however one comes there.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Stop } from '../engine/debug/target.ts';
import { registerOf, stateOf, withTarget } from './debug/target.ts';
import { compile } from './harness/compile.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('debug: restarts');
const program = compile(fileURLToPath(new URL('guests-debug/restarts.c', import.meta.url)));
/** Bytes of `syscall`. */
const callLength = 2;

test('the task stands at the call again', async () => {
  await withTarget([program], async (target, directory) => {
    const { stdout } = spawnSync(rrCommand, ['dump', directory], { encoding: 'utf8' });
    const event = Number(/^ *[0-9]+(?=.*syscallExit +read\(.*ERESTARTSYS)/m.exec(stdout)?.[0]);
    assert.ok(event > 0, stdout);
    const { tid } = await target.state();
    await target.seek({ kind: 'event', event: event - 1 });
    const call = (await registerOf(target, 'rip')) - callLength;
    await target.seek({ kind: 'event', event });
    const state = await stateOf(target);
    assert.is(await registerOf(target, 'rip'), call, 'the program goes on by making it again');
    assert.is(await registerOf(target, 'rax'), 0, 'it is a read');

    await target.setBreakpoints([{ kind: 'software', address: call, length: 1, conditions: [] }]);
    await target.seek({ kind: 'event', event: event - 1 });
    const forward = { direction: 'forward', how: 'continue', tid } as const;
    const stop: Stop = await target.resume(forward);
    assert.is(stop.kind, 'breakpoint');
    assert.is(await stateOf(target), state, 'where a breakpoint stops it');
    const { position } = await target.state();
    const { number } = await target.checkpoint();
    await target.resume(forward);
    await target.seek({ kind: 'checkpoint', number });
    assert.is(await stateOf(target), state, 'at a checkpoint of that place');
    await target.seek({ kind: 'end' });
    await target.seek({ kind: 'position', text: position });
    assert.is(await stateOf(target), state, 'at its position');
    await target.resume(forward);
    await target.resume({ ...forward, direction: 'backward' });
    assert.is(await stateOf(target), state, 'on the way back');
  });
});

test.run();

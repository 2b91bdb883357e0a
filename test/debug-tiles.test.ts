// The tiles of AMX, which the kernel does not give to a forked copy of a process: a copy that counts ahead, and a
// checkpoint, have them all the same. Where the processor has none the guest counts in memory.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { recordCommand } from './debug/recording.ts';
import { compileGuest } from './harness/compile.ts';

const test = suite('debug: tiles');
const program = compileGuest('computing/tiles');

for (const recordOptions of [[], ['-n']]) {
  const words = ['record', ...recordOptions].join(' ');
  test(`to the end over stops where the tiles alone change, and once more from a checkpoint there: ${words}`, async () => {
    using recording = recordCommand([program], { recordOptions });
    const again = ['checkpoint', 'continue', 'continue', 'restart 1', 'delete', 'continue'];
    const said = await recording.gdb(['break handler', 'continue', ...again]);
    assert.is(said.match(/^Breakpoint 1, .*handler/gm)?.length, 3, said);
    assert.match(said, /^Checkpoint 1 at /m);
    assert.match(said, /exits with status 0 here/);
    // What the product of the tiles was is told as often as the replay passes there.
    const sums = said.match(/until a signal: .*/g) ?? [];
    assert.is(new Set(sums).size, 5, said);
  });
}

test.run();

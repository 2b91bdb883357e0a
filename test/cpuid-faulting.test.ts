// What cpuid tells is recorded and replayed with CPUID faulting and without, and one way's recording goes the other way.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { recordCommand, says } from './debug/recording.ts';
import { withPlace } from './edge/place.ts';
import { compile } from './harness/compile.ts';

const test = suite('cpuid faulting');
const without = '--disable-cpuid-faulting';
const guest = compile(fileURLToPath(new URL('guests/time/cpuid.c', import.meta.url)));
/** Bits of leaf 1 that this processor has: what shows that the answers are the recorded ones. */
const hidden = ['--disable-cpuid-features', '0x80000,0x10000000'];

for (const recordWords of [[], [without]]) {
  test(`recorded with ${recordWords.join('') || 'what there is'}, and replayed both ways`, () =>
    withPlace(async (place) => {
      const words = ['-C', 'on-all-events', ...recordWords, 'record', '--portable', ...hidden, '-o', 'trace', guest];
      const record = await place.rr(...words);
      assert.is(record.status, 0, record.story);
      const [, ecx, edx] = /^1: \w+ \w+ (\w+) (\w+)$/m.exec(record.out) ?? [];
      assert.is(Number.parseInt(ecx!, 16) & 0x80000, 0, record.out);
      assert.is(Number.parseInt(edx!, 16) & 0x10000000, 0, record.out);
      const information = JSON.parse((await place.rr('traceinfo', 'trace')).out);
      if (recordWords.length > 0) assert.is(information.machine.cpuidFaulting, false);
      const traps = (await place.rr('dump', 'trace')).out.match(/ cpuid\b/g)?.length ?? 0;
      assert.ok(traps > 10, `${traps} traps`);
      for (const words of [[], [without]]) {
        const replay = await place.rr(...words, 'replay', '-a', 'trace');
        assert.is(replay.status, 0, replay.story);
        assert.is(replay.out, record.out);
      }
      const rerun = (...words: string[]) => place.rr(...words, 'rerun', '--event-regs=event,ip,gp_x16', 'trace');
      assert.is((await rerun(without)).out, (await rerun()).out);
    }));
}

test('in the debugger it is an instruction like others, in both directions', async () => {
  using recording = recordCommand([guest], { recordOptions: ['--portable', ...hidden] });
  const commands = [
    'break main',
    'continue',
    'python',
    'def to_cpuid():',
    '  for step in range(5000):',
    `    if "cpuid" in gdb.execute("x/i $pc", to_string=True): return`,
    '    gdb.execute("stepi", to_string=True)',
    'end',
    'python to_cpuid()',
    'x/i $pc',
    'stepi',
    'printf "%x %x %x %x\\n", $eax, $ebx, $ecx, $edx',
    'python to_cpuid()',
    'checkpoint',
    'stepi',
    'printf "%x %x %x %x\\n", $eax, $ebx, $ecx, $edx',
    'reverse-stepi',
    'x/i $pc',
    'restart 1',
    'x/2xb $pc',
    'stepi',
    'printf "%x %x %x %x\\n", $eax, $ebx, $ecx, $edx',
    'delete',
    'continue',
  ];
  const script = `${commands.join('\n')}\n`;
  const said: string[] = [];
  for (const options of [[], [without]]) {
    const file = `${recording.folder}/script`;
    writeFileSync(file, script);
    said.push(await recording.replay(options, ['-batch', '-x', file]));
  }
  for (const text of said) {
    assert.is(text.match(/=> .*cpuid/g)?.length, 2, text);
    says(text, /:\t0x0f\t0xa2$/m);
    const [, first, second] = text.match(/^\w+ \w+ \w+ \w+$/gm) ?? [];
    assert.ok(first !== undefined && first === second, text);
    says(text, /^1: /m);
  }
  // What gdb says on its two streams comes in any order.
  const lines = said.map((text) => text.split('\n').sort());
  assert.equal(lines[1], lines[0]);
});

test.run();

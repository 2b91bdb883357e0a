// record --disable-cpuid-features and its kin: cpuid does not tell the program of the masked bits, and of all others as ever.
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, guestFolder } from './harness/compile.ts';
import type { RecordingMode } from './harness/modes.ts';
import { textOf } from './harness/output.ts';
import { withRecording } from './harness/recording.ts';

const test = suite('hidden features');

/** Leaf 1 ecx and edx; leaf 7 ebx, ecx and edx; its part 1 eax; leaf 0xd part 1 eax; the highest leaf. */
type Answer = readonly number[];

function answers(printed: string): ReadonlyMap<string, Answer> {
  const found = new Map<string, Answer>();
  for (const line of printed.trimEnd().split('\n')) {
    const [who = '', ...words] = line.split(' ');
    found.set(
      who,
      words.map((word, index) => Number.parseInt(word, index === 7 ? 10 : 16)),
    );
  }
  return found;
}

function hides(what: string, recordOptions: readonly string[], masks: Answer): void {
  test(what, async () => {
    const mode: RecordingMode = { name: recordOptions.join(' '), globalOptions: [], recordOptions };
    const command = [compile(join(guestFolder, '..', 'edge', 'features.c'), '-pthread')];
    await withRecording('features', { command, mode, deterministic: false }, ({ native, record, messages }) => {
      // Without the trap it is replaced in code from files; that is told.
      assert.ok(
        messages.every((line) => /cpuid cannot be made to trap/.test(line)),
        messages.join('\n'),
      );
      const alone = answers(textOf(native.stdout));
      const recorded = answers(textOf(record.stdout));
      assert.equal([...recorded.keys()], ['program', 'thread', 'child', 'exec']);
      for (const [who, answer] of recorded) {
        const expected = alone.get(who)?.map((word, index) => (word & ~(masks[index] ?? 0)) >>> 0);
        assert.equal(answer, expected, who);
      }
    });
  });
}

hides('nothing', [], []);
hides('of leaf 1: FMA and SSE4.2, and CLFLUSH', ['--disable-cpuid-features', '0x101000,0x80000'], [0x101000, 0x80000]);
hides(
  'of leaf 7: AVX2; VAES; AVX512_FP16',
  ['--disable-cpuid-features-ext', '0x20,0x200,0x800000'],
  [0, 0, 0x20, 0x200, 0x800000],
);
hides('of leaf 0xd: XSAVEC', ['--disable-cpuid-features-xsave', '2', '-n'], [0, 0, 0, 0, 0, 0, 2]);
hides('AVX-512', ['--disable-avx-512'], [0, 0, 0xdc230000, 0x5842, 0x80010c, 0x20]);
hides(
  'AVX-512, of a program that is bound to no processor',
  ['--disable-avx-512', '-u'],
  [0, 0, 0xdc230000, 0x5842, 0x80010c, 0x20],
);

test.run();

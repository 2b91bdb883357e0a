// Conditions of breakpoints that stubs compute in the program give what their evaluation by stops gives, in both directions.
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { conditionHolds, opcodes } from '../engine/debug/breakpoints/agent-expression.ts';
import { gdbRegister } from '../engine/debug/breakpoints/gdb-registers.ts';
import type { Breakpoint, RemoteTarget } from '../engine/debug/target.ts';
import type { RegisterWords } from '../engine/replay/primitives.ts';
import { newRegisters } from '../engine/replay/registers.ts';
import { type Code, constant, registerValue } from './debug/agent-code.ts';
import { recordGuest, says } from './debug/recording.ts';
import { addressOf, randomNumbers, registerOf, withTarget } from './debug/target.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: conditions');
const program = compile(fileURLToPath(new URL('guests-debug/conditions.c', import.meta.url)));
const rounds = 1500;
const itemBytes = 32;
/** gdb's numbers. */
const [rsi, rdi, rdx, rcx, rsp, rip] = [4, 5, 3, 2, 7, 16];
const seed = Number(process.env.RR_TEST_SEED ?? 20261129);
const conditions = Number(process.env.RR_TEST_CONDITIONS ?? 40);

const breakpoint = (address: number, ...code: Uint8Array[]): Breakpoint => ({
  kind: 'software',
  address,
  length: 1,
  conditions: code,
});

interface Arrival {
  readonly round: number;
  readonly registers: RegisterWords;
  readonly memory: ReadonlyMap<number, Uint8Array>;
}

const field = (offset: number, reference: number): Code => [
  ...registerValue(rdi),
  ...constant(offset),
  opcodes.add,
  reference,
];

/** Code that leaves one more value. */
function expression(random: () => number, depth: number): Code {
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;
  const below = (): Code => expression(random, depth - 1);
  if (depth === 0) {
    return pick([
      () => registerValue(pick([rsi, rdx, rcx, rsp, rip])),
      () => constant(Math.floor(random() * 70)),
      () => [opcodes.const8, Math.floor(random() * 256)],
      () => [opcodes.const64, ...Array.from({ length: 8 }, () => Math.floor(random() * 256))],
      () => [...field(0, opcodes.ref8), opcodes.ext, 8],
      () => field(2, opcodes.ref16),
      () => [...field(4, opcodes.ref32), opcodes.ext, 32],
      () => field(8, opcodes.ref64),
      // Behind a pointer that is sometimes none.
      () => [...field(16, opcodes.ref64), ...constant(4), opcodes.add, opcodes.ref32, opcodes.zero_ext, 32],
    ])();
  }
  const { add, sub, mul, div_signed, div_unsigned, rem_signed, rem_unsigned, lsh, rsh_signed, rsh_unsigned } = opcodes;
  const { bit_and, bit_or, bit_xor, equal, less_signed, less_unsigned } = opcodes;
  const binaries: number[] = [
    add,
    sub,
    mul,
    div_signed,
    div_unsigned,
    rem_signed,
    rem_unsigned,
    lsh,
    rsh_signed,
    rsh_unsigned,
  ];
  binaries.push(bit_and, bit_or, bit_xor, equal, less_signed, less_unsigned);
  return pick([
    () => [...below(), ...below(), pick(binaries)],
    () => [...below(), ...below(), pick(binaries)],
    () => [...below(), pick([opcodes.log_not, opcodes.bit_not])],
    () => [...below(), pick([opcodes.ext, opcodes.zero_ext]), pick([1, 7, 8, 31, 32, 33, 63, 64])],
    () => [...below(), ...below(), opcodes.swap, opcodes.sub],
    () => [...below(), ...below(), ...below(), opcodes.rot, opcodes.sub, opcodes.bit_xor],
    () => [...below(), opcodes.dup, opcodes.mul, ...below(), opcodes.pick, 1, opcodes.add, opcodes.sub],
    () => [...below(), ...below(), opcodes.pop],
  ])();
}

/** Whether it is one of a few: jumps, and an end of the stack. */
function condition(random: () => number): Uint8Array {
  const value = expression(random, 1 + Math.floor(random() * 3));
  const rest = [...value, ...constant(31), opcodes.bit_and, ...constant(Math.floor(random() * 32)), opcodes.equal];
  if (random() < 0.5) return Uint8Array.from([...rest, opcodes.end]);
  // As gdb has `rest && round % 3 == 0`.
  const second = [...registerValue(rsi), ...constant(3), opcodes.rem_signed, opcodes.log_not, opcodes.end];
  const fails = rest.length + 1 + 3 + second.length;
  const jump = [opcodes.log_not, opcodes.if_goto, fails >> 8, fails & 0xff];
  return Uint8Array.from([...rest, ...jump, ...second, opcodes.const8, 0, opcodes.end]);
}

async function gather(target: RemoteTarget, seen: number): Promise<Arrival[]> {
  const { tid } = await target.state();
  await target.setBreakpoints([breakpoint(seen)]);
  const arrivals: Arrival[] = [];
  for (;;) {
    const stop = await target.resume({ direction: 'forward', how: 'continue', tid });
    if (stop.kind !== 'breakpoint') return arrivals;
    const registers = newRegisters();
    registers.set((await target.registers(tid)).general);
    const item = await registerOf(target, 'rdi');
    const memory = new Map([[item, await target.readMemory(item, itemBytes)]]);
    const view = Buffer.from(memory.get(item)!);
    const next = Number(view.readBigUInt64LE(16));
    if (next !== 0) memory.set(next, await target.readMemory(next, itemBytes));
    arrivals.push({ round: await registerOf(target, 'rsi'), registers, memory });
  }
}

function expected(arrivals: readonly Arrival[], code: Uint8Array): number[] {
  const holding = arrivals.filter(({ registers, memory }) =>
    conditionHolds(code, {
      register: (number) => gdbRegister(registers, number),
      read: (address, length) => {
        for (const [start, bytes] of memory) {
          if (address >= start && address + length <= start + itemBytes)
            return bytes.subarray(address - start, address - start + length);
        }
        return undefined;
      },
    }),
  );
  return holding.map(({ round }) => round);
}

async function stops(target: RemoteTarget, seen: number, direction: 'forward' | 'backward'): Promise<number[]> {
  const { tid } = await target.state();
  const found: number[] = [];
  for (;;) {
    const stop = await target.resume({ direction, how: 'continue', tid });
    if (stop.kind !== 'breakpoint' || stop.address !== seen) return found;
    found.push(await registerOf(target, 'rsi'));
  }
}

test(`random conditions, seed ${seed}`, async () => {
  await withTarget([program], async (target) => {
    const random = randomNumbers(seed);
    const seen = await addressOf(target, program, 'seen');
    const over = await addressOf(target, program, 'over');
    const arrivals = await gather(target, seen);
    assert.is(arrivals.length, rounds);
    for (let number = 0; number < conditions; number++) {
      const code = condition(random);
      const wanted = expected(arrivals, code);
      if (wanted.length > 200) continue;
      const text = `condition ${number}: ${Buffer.from(code).toString('hex')}`;
      await target.seek({ kind: 'begin' });
      await target.setBreakpoints([breakpoint(seen, code), breakpoint(over)]);
      assert.equal(await stops(target, seen, 'forward'), wanted, text);
      if (number % 4 === 0) assert.equal(await stops(target, seen, 'backward'), wanted.reverse(), `${text}, back`);
    }
  });
});

test('places where a condition holds have the names that stops give them', async () => {
  await withTarget([program], async (target) => {
    const seen = await addressOf(target, program, 'seen');
    const { tid } = await target.state();
    const code = Uint8Array.from([...registerValue(rsi), ...constant(1234), opcodes.equal, opcodes.end]);
    const never = Uint8Array.from([...registerValue(rdx), ...registerValue(rdx), opcodes.sub, opcodes.end]);
    await target.setBreakpoints([breakpoint(seen, never, code)]);
    await target.resume({ direction: 'forward', how: 'continue', tid });
    assert.is(await registerOf(target, 'rsi'), 1234);
    assert.match((await target.state()).position, /#1235$/);
    await target.resume({ direction: 'forward', how: 'step', tid });
    await target.resume({ direction: 'backward', how: 'continue', tid });
    assert.is(await registerOf(target, 'rsi'), 1234);
    assert.match((await target.state()).position, /#1235$/);
  });
});

test('a million hits whose condition does not hold cost no stop each', async () => {
  using hits = recordGuest('hits');
  const begun = performance.now();
  const said = await hits.gdb([
    'break touch if round == 999999',
    'continue',
    'print round',
    'break after',
    'continue',
    'condition 1 round == 3',
    'reverse-continue',
    'print round',
  ]);
  says(said, /^\$1 = 999999$/m);
  says(said, /^\$2 = 3$/m);
  // By stops it takes forty seconds each way on a machine that does nothing else.
  assert.ok(performance.now() - begun < 40_000, `${performance.now() - begun} ms`);
});

for (const option of ['-n', '--syscall-buffer-size=64']) {
  test(`a condition right behind a system call is judged when the call has been made, ${option}`, async () => {
    using edges = recordGuest('edges', { recordOptions: [option] });
    const said = await edges.gdb([
      'break behind_call if $rbx == 5',
      'break behind_byte if $rbx == 7',
      'continue',
      'print $rbx',
      'continue',
      'print $rbx',
      'reverse-continue',
      'print $rbx',
      'delete',
      'continue',
    ]);
    says(said, /^\$1 = 7$/m);
    says(said, /^\$2 = 5$/m);
    says(said, /^\$3 = 7$/m);
    says(said, /^Process \d+ exits with status 0 here\.$/m);
    assert.not.match(said, /diverged/);
  });
}

test('characters in a condition are sent as numbers, by whichever command it comes', async () => {
  using session = recordGuest('session');
  const said = await session.gdb([
    "break grow if text[4] == '2' && text[3] != '\\n'",
    'info breakpoints',
    'continue',
    'print text',
    "condition 1 text[4] == '3'",
    'info breakpoints',
    'delete',
    "rr-break grow if text[4] == '2'",
    'info breakpoints',
    'break grow if $_streq(text, "\'2\'")',
    'info breakpoints',
  ]);
  says(said, /^\tstop only if text\[4\] == 50 && text\[3\] != 10 \(target evals\)$/m);
  says(said, /^\$1 = "step2/m);
  says(said, /^\tstop only if text\[4\] == 51 \(target evals\)$/m);
  says(said, /^\tstop only if .*50.* \(target evals\)$/m);
  says(said, /^\tstop only if \$_streq\(text, "'2'"\) \(host evals\)$/m);
});

test.run();

// Framing of the remote protocol, with 100,000 inputs that are rubbish.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { escapeBinary, unescapeBinary } from '../engine/debug/gdb/bytes.ts';
import { framePacket, type Incoming, PacketParser, packetLimit } from '../engine/debug/gdb/packet.ts';
import { fromGdbSignal, toGdbSignal } from '../engine/debug/gdb/signals.ts';
import { formatThreadId, parseThreadId } from '../engine/debug/gdb/thread-id.ts';

const test = suite('debug: packets');

function parse(bytes: string | Uint8Array, parser = new PacketParser()): Incoming[] {
  return parser.feed(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
}

test('a packet is found in pieces of one byte', () => {
  const parser = new PacketParser();
  const framed = framePacket('qSupported:a+;b-');
  const found = [...framed].flatMap((byte) => parser.feed(Uint8Array.of(byte)));
  assert.equal(found, [{ kind: 'packet', body: Buffer.from('qSupported:a+;b-') }]);
});

test('a packet with a wrong sum is damaged, and the next one is found', () => {
  assert.equal(parse('$g#00$g#67'), [{ kind: 'damaged' }, { kind: 'packet', body: Buffer.from('g') }]);
});

test('without acknowledgements any two digits will do', () => {
  const parser = new PacketParser();
  parser.verifiesChecksums = false;
  assert.equal(parse('$g#00$g#xy', parser), [{ kind: 'packet', body: Buffer.from('g') }, { kind: 'damaged' }]);
});

test('acknowledgements and interrupts stand outside packets only', () => {
  assert.equal(
    parse('+\x03-$\x03+#2e').map(({ kind }) => kind),
    ['acknowledged', 'interrupt', 'resend', 'packet'],
  );
});

test('a packet that was given up is forgotten', () => {
  assert.equal(parse('$half$g#67'), [{ kind: 'packet', body: Buffer.from('g') }]);
});

test('a packet longer than the limit is dropped', () => {
  const found = parse(framePacket(Buffer.alloc(packetLimit + 1, 'a')));
  assert.equal(found, [{ kind: 'oversized' }]);
});

test('any bytes survive escaping', () => {
  const bytes = Buffer.from(Array.from({ length: 512 }, (_, index) => index & 0xff));
  const escaped = escapeBinary(bytes);
  for (const character of '#$*') assert.not.ok(escaped.includes(character));
  assert.equal(unescapeBinary(escaped), bytes);
  assert.equal(parse(framePacket(escaped)), [{ kind: 'packet', body: bytes }]);
});

test('100,000 inputs: nothing is thrown, and a good packet behind them is found', () => {
  // A generator with a seed (Numerical Recipes, 7.1.4): a failure can be had again.
  let state = 20_261_129;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
  const likely = Buffer.from('$$$###+-}*\x03:;,0123456789abcdefgGmMXzZqvCHTpP', 'latin1');
  for (let round = 0; round < 100_000; round++) {
    const bytes = Buffer.alloc(random(40));
    for (let index = 0; index < bytes.length; index++) {
      bytes[index] = random(4) === 0 ? random(256) : likely[random(likely.length)]!;
    }
    const parser = new PacketParser();
    const cut = random(bytes.length + 1);
    parser.feed(bytes.subarray(0, cut));
    parser.feed(bytes.subarray(cut));
    // The first ends whatever has begun: a packet that waits for its digits takes two more bytes.
    const found = parser.feed(Buffer.from('#00$QStartNoAckMode#b0', 'latin1'));
    const last = found.at(-1);
    assert.ok(
      last?.kind === 'packet' && last.body.toString() === 'QStartNoAckMode',
      `round ${round}: ${bytes.toString('hex')}`,
    );
  }
});

test('thread ids in all forms', () => {
  assert.equal(parseThreadId('p1f.-1'), { process: 31, tid: -1 });
  assert.equal(parseThreadId('p1f'), { process: 31, tid: -1 });
  assert.equal(parseThreadId('0'), { process: undefined, tid: 0 });
  assert.equal(parseThreadId(formatThreadId(31, 32)), { process: 31, tid: 32 });
  for (const text of ['', 'p', 'p.', 'x', '1.2', 'p1.2.3', '-2', 'ffffffffffffffffff']) {
    assert.is(parseThreadId(text), undefined, text);
  }
});

test('signals there and back', () => {
  for (let signal = 1; signal <= 64; signal++) {
    if (signal !== 16) assert.is(fromGdbSignal(toGdbSignal(signal)), signal);
  }
  assert.is(toGdbSignal(7), 10);
  assert.is(toGdbSignal(34), 46);
});

test.run();

// What a recording needs of a processor, and what is said of one that lacks it.
import { readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lackingFeatures, processorRemarks, thisProcessor } from '../engine/machine/processor-features.ts';
import { crc32 } from '../engine/trace/crc32.ts';
import { type Place, withPlace } from './edge/place.ts';

const test = suite('processor features');

const cpuinfo = (model: string, flags: string) =>
  `processor\t: 0\nmodel name\t: ${model}\nflags\t\t: fpu ${flags} hypervisor\nbugs\t\t: x\n\nprocessor\t: 1\nflags\t\t: all\n`;
const machine = { architecture: 'x86_64', processor: 'Large', kernel: '6.1', cpuidRecorded: true };

test('of the kernel’s flags those count that programs may use', () => {
  assert.equal(thisProcessor(cpuinfo('Small', 'avx2 pti sha_ni')), { model: 'Small', features: ['avx2', 'sha_ni'] });
  assert.equal(thisProcessor(''), { model: 'unknown', features: [] });
  assert.ok(thisProcessor().features.includes('sse4_2') || thisProcessor().features.length === 0);
});

test('what is lacking, and what may differ', () => {
  const large = { ...machine, features: ['avx2', 'avx512f'] };
  const small = { model: 'Small', features: ['avx2', 'sha_ni'] };
  assert.equal(lackingFeatures(large, small), ['avx512f']);
  assert.is(processorRemarks(large, small).length, 1);
  assert.match(processorRemarks(large, small)[0]!, /lacks what the recording's has: avx512f;/);
  const [, other] = processorRemarks({ ...large, cpuidRecorded: false }, small);
  assert.match(other!, /recorded on "Large", and this is "Small"/);
  assert.equal(processorRemarks({ ...large, cpuidRecorded: false }, { model: 'Large', features: large.features }), []);
  // Old traces tell nothing.
  assert.equal(processorRemarks({ ...machine, cpuidRecorded: false }, small), []);
});

/** Changes what the header says of the machine. */
function changeHeader(place: Place, change: (text: string) => string): void {
  const path = place.path('trace/version');
  const body = Buffer.from(change(readFileSync(path, 'utf8').replace(/crc32 \w{8}\n$/, '')));
  writeFileSync(path, Buffer.concat([body, Buffer.from(`crc32 ${crc32(body).toString(16).padStart(8, '0')}\n`)]));
}

test('replay says it before it begins, and traceinfo tells', () =>
  withPlace(async (place) => {
    const record = await place.rr('record', '-o', 'trace', '/bin/echo', 'hello');
    assert.is(record.status, 0, record.story);
    const information = async () => JSON.parse((await place.rr('traceinfo', 'trace')).out);
    const { machine: recorded, lackingHere } = await information();
    assert.equal(recorded.features, thisProcessor().features);
    assert.is(recorded.cpuidRecorded, false);
    assert.equal(lackingHere, []);
    assert.is((await place.rr('replay', '-a', 'trace')).err, '');
    changeHeader(place, (text) => text.replace(/"features": \[/, '"features": [\n"avx1024", "\\u001bx",'));
    assert.equal((await information()).lackingHere, ['avx1024', '\x1bx']);
    const replay = await place.rr('replay', '-a', 'trace');
    assert.is(replay.status, 0, replay.story);
    assert.is(replay.out, 'hello\n');
    assert.match(replay.err, /^rr: warning: this processor lacks [^\n]*avx1024, [^\n]*\n$/);
    assert.not(replay.err.includes('\x1b'));
    assert.is((await place.rr('-S', 'replay', '-a', 'trace')).err, '');
    const debug = await place.rr('replay', 'trace', '--', '-nx', '-batch');
    assert.match(debug.err, /warning: this processor lacks/, debug.story);
  }));

test('--portable: what cpuid tells is in the trace', () =>
  withPlace(async (place) => {
    const record = await place.rr('record', '--portable', '-o', 'trace', '/bin/true');
    assert.is(record.status, 0, record.story);
    assert.is(JSON.parse((await place.rr('traceinfo', 'trace')).out).machine.cpuidRecorded, true);
    const traps = (await place.rr('dump', 'trace')).out.match(/ cpuid\b/g)?.length ?? 0;
    const faulting = JSON.parse((await place.rr('traceinfo', 'trace')).out).machine.cpuidFaulting;
    if (faulting) assert.ok(traps > 0, `${traps} traps`);
    assert.is((await place.rr('replay', '-a', 'trace')).status, 0);
  }));

test.run();

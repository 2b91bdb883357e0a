// A thread of the ring's tests: takes or makes records, as its work says, and posts what it saw.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

const { addon, bytes, ring, layout, role, records, holdMilliseconds } = workerData;
const native = createRequire(import.meta.url)(addon);

/** Makes `records` records whose events count up; some are large. */
function produce() {
  const producer = new native.RingProducer(bytes, ring);
  let accepted = 0;
  for (let event = 1; event <= records; event++) {
    const size = event % 50 === 0 ? layout.slotSize : 16 + (event % 13) * 8;
    const record = new Uint8Array(size);
    const view = new DataView(record.buffer);
    view.setUint32(0, size, true);
    record[4] = 1 + (event % 4);
    view.setBigUint64(8, BigInt(event), true);
    record.fill(event & 0xff, 16);
    if (!producer.write(record)) break;
    accepted++;
  }
  producer.close();
  return { accepted };
}

/** Writes the given records. */
function write() {
  const producer = new native.RingProducer(bytes, ring);
  let accepted = 0;
  while (accepted < records.length && producer.write(records[accepted])) accepted++;
  producer.close();
  return { accepted };
}

/** Takes slots until the end; the events seen, checked against the slots' headers. */
function consume() {
  const seen = [];
  const faults = [];
  const view = new DataView(bytes.buffer);
  for (;;) {
    const slot = native.ringTake(bytes, ring, 50);
    if (slot === -2) return { seen, faults };
    if (slot === -1) continue;
    const header = layout.headers + slot * 64;
    const start = layout.slots + slot * layout.slotSize;
    const used = view.getUint32(header + 4, true);
    let count = 0;
    let mask = 0;
    let first = Infinity;
    let last = 0;
    for (let at = start; at < start + used; at += view.getUint32(at, true)) {
      const event = Number(view.getBigUint64(at + 8, true));
      const size = view.getUint32(at, true);
      for (let each = at + 16; each < at + size; each++) {
        if (bytes[each] !== (event & 0xff)) faults.push(`event ${event}: wrong byte`);
      }
      seen.push(event);
      count++;
      mask |= 1 << (bytes[at + 4] - 1);
      first = Math.min(first, event);
      last = Math.max(last, event);
    }
    const told = [
      Number(view.getBigUint64(header + 16, true)),
      Number(view.getBigUint64(header + 24, true)),
      view.getUint32(header + 32, true),
      view.getUint32(header + 36, true),
    ];
    if (told.join() !== [first, last, mask, count].join()) faults.push(`slot ${slot}: header ${told}`);
    if (holdMilliseconds) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, holdMilliseconds);
    native.ringRelease(bytes, ring, slot);
  }
}

parentPort.postMessage({ produce, write, consume }[role]());

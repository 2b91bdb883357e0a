/**
 * Framing of the remote protocol (gdb's manual, "Remote Protocol", "Overview"): `$BODY#CC` with CC the sum of the body's
 * bytes modulo 256; `+` and `-` acknowledge or ask again until QStartNoAckMode; the byte 3 outside a packet interrupts.
 * What we send has no run-length encoding.
 */
import { unescapeBinary } from './bytes.ts';

export type Incoming =
  /** The body, without escapes. */
  | { readonly kind: 'packet'; readonly body: Buffer }
  /** A packet whose checksum is wrong. */
  | { readonly kind: 'damaged' }
  /** A packet longer than `packetLimit`; it is dropped. */
  | { readonly kind: 'oversized' }
  | { readonly kind: 'acknowledged' }
  /** The client wants our last packet again. */
  | { readonly kind: 'resend' }
  | { readonly kind: 'interrupt' };

/** Bytes of the longest packet, either way, without its frame. gdb asks for memory in pieces of half of it. */
export const packetLimit = 0x20000;

const dollar = 0x24;
const hash = 0x23;

/** Takes a client's bytes in pieces of any size. What belongs to no packet is skipped. */
export class PacketParser {
  /** False once acknowledgements are off: a reliable transport needs no checksum (gdb's manual, "Packet Acknowledgment"). */
  verifiesChecksums = true;
  /** Of the packet that has begun: its bytes so far, the frame's included. */
  #pieces: Buffer[] = [];
  #length = 0;
  #state: 'outside' | 'body' | 'firstDigit' | 'secondDigit' = 'outside';
  #sum = 0;
  #digits = '';

  feed(bytes: Uint8Array): Incoming[] {
    const found: Incoming[] = [];
    const chunk = Buffer.from(bytes);
    let index = 0;
    while (index < chunk.length) {
      switch (this.#state) {
        case 'outside':
          this.#outside(chunk[index++]!, found);
          break;
        case 'body':
          index = this.#takeBody(chunk, index);
          break;
        case 'firstDigit':
          this.#digits = String.fromCharCode(chunk[index++]!);
          this.#state = 'secondDigit';
          break;
        case 'secondDigit':
          this.#digits += String.fromCharCode(chunk[index++]!);
          found.push(this.#finish());
      }
    }
    return found;
  }

  #outside(byte: number, found: Incoming[]): void {
    if (byte === dollar) this.#begin();
    else if (byte === 0x2b) found.push({ kind: 'acknowledged' });
    else if (byte === 0x2d) found.push({ kind: 'resend' });
    else if (byte === 0x03) found.push({ kind: 'interrupt' });
  }

  #begin(): void {
    this.#state = 'body';
    this.#pieces = [];
    this.#length = 0;
    this.#sum = 0;
  }

  /** Gives the index behind what was taken. */
  #takeBody(chunk: Buffer, from: number): number {
    for (let index = from; index < chunk.length; index++) {
      const byte = chunk[index]!;
      if (byte === hash) {
        this.#keep(chunk.subarray(from, index));
        this.#state = 'firstDigit';
        return index + 1;
      }
      if (byte === dollar) {
        // The client gave up a packet and began another.
        this.#begin();
        return index + 1;
      }
      this.#sum = (this.#sum + byte) & 0xff;
    }
    this.#keep(chunk.subarray(from));
    return chunk.length;
  }

  #keep(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length > packetLimit) this.#pieces = [];
    else if (piece.length > 0) this.#pieces.push(piece);
  }

  #finish(): Incoming {
    this.#state = 'outside';
    const body = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = [];
    if (this.#length > packetLimit) return { kind: 'oversized' };
    const isHex = /^[0-9a-fA-F]{2}$/.test(this.#digits);
    if (!isHex || (this.verifiesChecksums && Number.parseInt(this.#digits, 16) !== this.#sum)) {
      return { kind: 'damaged' };
    }
    return { kind: 'packet', body: unescapeBinary(body) };
  }
}

/** A packet to send. The body is text of one byte a character, or bytes; binary data in it is escaped already. */
export function framePacket(body: string | Uint8Array): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  const framed = Buffer.allocUnsafe(bytes.length + 4);
  framed[0] = dollar;
  framed.set(bytes, 1);
  let sum = 0;
  for (const byte of bytes) sum = (sum + byte) & 0xff;
  framed[bytes.length + 1] = hash;
  framed.write(sum.toString(16).padStart(2, '0'), bytes.length + 2, 'latin1');
  return framed;
}

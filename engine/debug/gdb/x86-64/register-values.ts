/** Reading and writing one register in what the replay gives of a task. */
import type { TaskRegisters } from '../../target.ts';
import { featureBit, type Register } from './registers.ts';
import { readTagWord, writeTagWord } from './tag-word.ts';
import { usedFeaturesOffset } from './xsave-layout.ts';

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Bytes of the register, little-endian, `size` of them. */
export function readRegister(register: Register, { general, xsave }: TaskRegisters): Uint8Array {
  const value = new Uint8Array(register.size);
  const { place } = register;
  switch (place.kind) {
    case 'general': {
      const view = viewOf(value);
      view.setUint32(0, general[2 * place.index]!, true);
      if (register.size === 8) view.setUint32(4, general[2 * place.index + 1]!, true);
      return value;
    }
    case 'xsave': {
      const stored = place.stored ?? register.size;
      value.set(xsave.subarray(place.offset, place.offset + stored));
      return value;
    }
    case 'tagWord':
      viewOf(value).setUint16(0, readTagWord(xsave), true);
      return value;
  }
}

/** Sets the register in place. `value` has its size. */
export function writeRegister(register: Register, value: Uint8Array, { general, xsave }: TaskRegisters): void {
  const { place } = register;
  switch (place.kind) {
    case 'general': {
      const view = viewOf(value);
      general[2 * place.index] = view.getUint32(0, true);
      general[2 * place.index + 1] = register.size === 8 ? view.getUint32(4, true) : 0;
      return;
    }
    case 'xsave':
      xsave.set(value.subarray(0, place.stored ?? register.size), place.offset);
      markUsed(xsave, featureBit(place.feature));
      return;
    case 'tagWord':
      writeTagWord(xsave, viewOf(value).getUint16(0, true));
      markUsed(xsave, featureBit('x87'));
  }
}

/** A part that is marked as unused has its initial state, whatever lies there. */
function markUsed(xsave: Uint8Array, bits: number): void {
  if (xsave.length < usedFeaturesOffset + 8) return;
  const view = viewOf(xsave);
  view.setUint32(usedFeaturesOffset, view.getUint32(usedFeaturesOffset, true) | bits, true);
}

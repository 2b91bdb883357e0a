import type { Argument, Syscall } from './model.ts';

/** Bytes and sign of the argument that counts. */
export function countShape(call: Syscall, argument: Argument | undefined): [number, boolean] {
  switch (argument?.kind.type) {
    case 'int':
      return [4, true];
    case 'unsigned':
      return [4, false];
    case 'long':
      return [8, true];
    case 'size':
      return [8, false];
    default:
      throw new Error(`${call.name}: argument "${argument?.name}" counts an out-parameter, but is not a number`);
  }
}

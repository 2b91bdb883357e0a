/**
 * gdb's agent expressions, in which it sends the conditions of breakpoints (its manual, "The GDB Agent Expression
 * Mechanism"): a stack machine of 64-bit integers, operands big-endian behind the opcode.
 */

/** What an expression may look at. */
export interface ExpressionContext {
  /** By the numbers of the target description; undefined for one that is no integer. */
  register(number: number): bigint | undefined;
  /** Undefined where there is not as much memory. */
  read(address: number, length: number): Uint8Array | undefined;
}

/** An expression that cannot be evaluated here: gdb does it again. */
export class ExpressionError extends Error {}

export const opcodes = {
  add: 0x02,
  sub: 0x03,
  mul: 0x04,
  div_signed: 0x05,
  div_unsigned: 0x06,
  rem_signed: 0x07,
  rem_unsigned: 0x08,
  lsh: 0x09,
  rsh_signed: 0x0a,
  rsh_unsigned: 0x0b,
  log_not: 0x0e,
  bit_and: 0x0f,
  bit_or: 0x10,
  bit_xor: 0x11,
  bit_not: 0x12,
  equal: 0x13,
  less_signed: 0x14,
  less_unsigned: 0x15,
  ext: 0x16,
  ref8: 0x17,
  ref16: 0x18,
  ref32: 0x19,
  ref64: 0x1a,
  if_goto: 0x20,
  goto: 0x21,
  const8: 0x22,
  const16: 0x23,
  const32: 0x24,
  const64: 0x25,
  reg: 0x26,
  end: 0x27,
  dup: 0x28,
  pop: 0x29,
  zero_ext: 0x2a,
  swap: 0x2b,
  pick: 0x32,
  rot: 0x33,
} as const;
export type Opcode = keyof typeof opcodes;

const names: ReadonlyMap<number, Opcode> = new Map(
  (Object.entries(opcodes) as [Opcode, number][]).map(([name, code]) => [code, name]),
);
/** Bytes of the operand behind the opcode. */
const operandBytes: Readonly<Partial<Record<Opcode, number>>> = {
  ext: 1,
  zero_ext: 1,
  pick: 1,
  const8: 1,
  const16: 2,
  reg: 2,
  if_goto: 2,
  goto: 2,
  const32: 4,
  const64: 8,
};
const referencedBytes: Readonly<Partial<Record<Opcode, number>>> = { ref8: 1, ref16: 2, ref32: 4, ref64: 8 };

/** More than any expression without an endless loop takes. */
const mostSteps = 100_000;
const deepestStack = 1000;

type Binary = (left: bigint, right: bigint) => bigint;
const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
const truth = (value: boolean): bigint => (value ? 1n : 0n);

function divided(operation: Binary): Binary {
  return (left, right) => {
    if (right === 0n) throw new ExpressionError('division by zero');
    return operation(left, right);
  };
}

/** Shifts by the width or more leave nothing. */
function shifted(operation: Binary): Binary {
  return (left, right) => operation(left, right > 64n ? 64n : right);
}

/** Both sides are unsigned; the result is taken modulo 2^64. */
const binaries: Readonly<Partial<Record<Opcode, Binary>>> = {
  add: (left, right) => left + right,
  sub: (left, right) => left - right,
  mul: (left, right) => left * right,
  div_signed: divided((left, right) => signed(left) / signed(right)),
  div_unsigned: divided((left, right) => left / right),
  rem_signed: divided((left, right) => signed(left) % signed(right)),
  rem_unsigned: divided((left, right) => left % right),
  lsh: shifted((left, right) => left << right),
  rsh_signed: shifted((left, right) => signed(left) >> right),
  rsh_unsigned: shifted((left, right) => left >> right),
  bit_and: (left, right) => left & right,
  bit_or: (left, right) => left | right,
  bit_xor: (left, right) => left ^ right,
  equal: (left, right) => truth(left === right),
  less_signed: (left, right) => truth(signed(left) < signed(right)),
  less_unsigned: (left, right) => truth(left < right),
};

/** The value on top of the stack at the end, unsigned. @throws ExpressionError */
export function evaluateExpression(code: Uint8Array, context: ExpressionContext): bigint {
  const stack: bigint[] = [];
  const push = (value: bigint): void => {
    if (stack.length >= deepestStack) throw new ExpressionError('the stack is full');
    stack.push(BigInt.asUintN(64, value));
  };
  const pop = (): bigint => {
    const value = stack.pop();
    if (value === undefined) throw new ExpressionError('the stack is empty');
    return value;
  };
  let at = 0;
  for (let step = 0; step < mostSteps; step++) {
    const name = names.get(code[at] ?? 0);
    if (name === undefined) throw new ExpressionError(`opcode ${code[at]} is not known`);
    const size = operandBytes[name] ?? 0;
    if (at + 1 + size > code.length) throw new ExpressionError('the expression breaks off');
    const operand = readOperand(code.subarray(at + 1, at + 1 + size));
    at += 1 + size;
    const binary = binaries[name];
    const bytes = referencedBytes[name];
    if (binary !== undefined) {
      const right = pop();
      push(binary(pop(), right));
    } else if (bytes !== undefined) {
      push(reference(context, pop(), bytes));
    } else {
      switch (name) {
        case 'end':
          return pop();
        case 'goto':
          at = Number(operand);
          break;
        case 'if_goto':
          if (pop() !== 0n) at = Number(operand);
          break;
        case 'const8':
        case 'const16':
        case 'const32':
        case 'const64':
          push(operand);
          break;
        case 'reg': {
          const value = context.register(Number(operand));
          if (value === undefined) throw new ExpressionError(`register ${operand} is no integer`);
          push(value);
          break;
        }
        case 'ext':
          push(BigInt.asIntN(bitsOf(operand), pop()));
          break;
        case 'zero_ext':
          push(BigInt.asUintN(bitsOf(operand), pop()));
          break;
        case 'log_not':
          push(truth(pop() === 0n));
          break;
        case 'bit_not':
          push(~pop());
          break;
        case 'dup':
          push(stack.at(-1) ?? pop());
          break;
        case 'pop':
          pop();
          break;
        case 'swap': {
          const top = pop();
          const below = pop();
          push(top);
          push(below);
          break;
        }
        case 'pick': {
          const picked = stack.at(-1 - Number(operand));
          if (picked === undefined) throw new ExpressionError('the stack is not as deep');
          push(picked);
          break;
        }
        case 'rot': {
          const [top, second, third] = [pop(), pop(), pop()];
          push(top);
          push(third);
          push(second);
        }
      }
    }
  }
  throw new ExpressionError('the expression does not end');
}

function bitsOf(operand: bigint): number {
  if (operand > 64n) throw new ExpressionError(`${operand} bits are too many`);
  return Number(operand);
}

function readOperand(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** @throws ExpressionError where there is no memory */
function reference(context: ExpressionContext, address: bigint, length: number): bigint {
  const found = address > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : context.read(Number(address), length);
  if (found === undefined || found.length < length) {
    throw new ExpressionError(`no memory at 0x${address.toString(16)}`);
  }
  return found.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/**
 * Whether a condition holds. What cannot be evaluated counts as if it did: gdb evaluates again at a stop, so that one stop
 * too many is harmless, and one too few is not.
 */
export function conditionHolds(code: Uint8Array, context: ExpressionContext): boolean {
  try {
    return evaluateExpression(code, context) !== 0n;
  } catch (error) {
    if (error instanceof ExpressionError) return true;
    throw error;
  }
}

import type { RecordOptions } from '../cli/options.ts';

/**
 * What the program sees besides its own environment. RUNNING_UNDER_RR is rr's. OPENSSL_ia32cap keeps that library off
 * instructions that trap: it clears RDRAND (bit 62 of the first word) and RDSEED (bit 18 of the second;
 * OPENSSL_ia32cap(3)).
 * LD_BIND_NOW: lazy binding saves the vector state with XSAVEC at each first call of a function, and which components
 * that marks as in use depends on context switches (Intel SDM volume 1, 13.6): it would stay on the stack as garbage
 * that differs in replay, where memory checksums and forced stops see it.
 */
const ours: Readonly<Record<string, string>> = {
  RUNNING_UNDER_RR: '1',
  LD_BIND_NOW: '1',
  OPENSSL_ia32cap: '~0x4000000000000000:~0x40000',
};

/** The program's environment, NAME=VALUE byte for byte: inherited, then ours, then the `-v` options in their order. */
export function programEnvironment(options: RecordOptions): Buffer[] {
  const inherited =
    options.inherited?.environment ??
    Object.entries(process.env).map(([name, value]) => Buffer.from(`${name}=${value ?? ''}`));
  const changes = new Map<string, Buffer>();
  for (const [name, value] of Object.entries(ours)) changes.set(name, Buffer.from(`${name}=${value}`));
  for (const variable of options.env) changes.set(variable.slice(0, variable.indexOf('=')), Buffer.from(variable));
  const kept = inherited.filter((variable) => {
    const end = variable.indexOf('=');
    return end < 0 || !changes.has(variable.subarray(0, end).toString('latin1'));
  });
  return [...kept, ...changes.values()];
}

/** What a recording needs of the processor that replays it: the program's instructions run there as they are. */
import { readFileSync } from 'node:fs';
import type { MachineDescription } from '../trace/trace-header.ts';

export interface Processor {
  /** Model name of /proc/cpuinfo. */
  readonly model: string;
  /** Those of `features` that it has, by the kernel's names. */
  readonly features: readonly string[];
}

/**
 * Features that bring instructions which programs may use, by the kernel's names (arch/x86/include/asm/cpufeatures.h).
 * Those of xsave and pku also change how large and of what form the state is that signal handlers see.
 */
const features: ReadonlySet<string> = new Set(
  (
    'sse3 pni ssse3 sse4_1 sse4_2 sse4a popcnt cx16 movbe lahf_lm abm aes pclmulqdq f16c rdrand rdseed fsgsbase ' +
    'avx avx2 fma fma4 xop tbm bmi1 bmi2 adx sha_ni clflushopt clwb clzero prefetchw 3dnowprefetch ' +
    'avx512f avx512dq avx512ifma avx512cd avx512bw avx512vl avx512vbmi avx512_vbmi2 avx512_vnni avx512_bitalg ' +
    'avx512_vpopcntdq avx512_bf16 avx512_fp16 avx512_vp2intersect avx_vnni avx_ifma avx_vnni_int8 avx_ne_convert gfni vaes ' +
    'vpclmulqdq rdpid movdiri movdir64b serialize cldemote waitpkg rtm hle tsxldtrk cmpccxadd sha512 sm3 sm4 ' +
    'xsave xsaveopt xsavec xgetbv1 xsaves pku ospke user_shstk amx_tile amx_int8 amx_bf16 amx_fp16'
  ).split(' '),
);

/** This one. The first processor's lines are enough. */
export function thisProcessor(text: string = readFileSync('/proc/cpuinfo', 'utf8')): Processor {
  const line = (name: string): string => new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
  return {
    model: line('model name') || 'unknown',
    features: line('flags')
      .split(' ')
      .filter((flag) => features.has(flag)),
  };
}

/** Sentences about what may keep a recording from being replayed on a processor; none where there is nothing to say. */
export function processorRemarks(recorded: MachineDescription, here: Processor = thisProcessor()): string[] {
  const lacking = lackingFeatures(recorded, here);
  const remarks: string[] = [];
  if (lacking.length > 0) {
    remarks.push(
      `this processor lacks what the recording's has: ${lacking.join(', ')}; where its programs use that the replay ends`,
    );
  }
  const isOther = recorded.features !== undefined && recorded.processor !== here.model;
  if (isOther && recorded.cpuidRecorded !== true) {
    remarks.push(
      `recorded on "${recorded.processor}", and this is "${here.model}": programs that ask which it is may take another ` +
        'way; record --portable keeps what they were told',
    );
  }
  return remarks;
}

/** Undefined for old traces, which do not tell what they need. */
export function lackingFeatures(recorded: MachineDescription, here: Processor = thisProcessor()): string[] {
  return (recorded.features ?? []).filter((feature) => !here.features.includes(feature));
}

/**
 * Where the parts of an XSAVE area in the standard format lie (Intel's Software Developer's Manual, volume 1, chapter 13).
 * The first 576 bytes are the same everywhere. The offsets behind them are CPUID's to tell, and processors agree as far as
 * AVX; AVX-512 and PKRU lie where Intel's or where AMD's processors have them, which the area's size shows.
 */
export const xsaveFeatures = { x87: 0, sse: 1, avx: 2, opmask: 5, zmmHigh: 6, zmmUpper: 7, pkru: 9 } as const;
export type XsaveFeature = keyof typeof xsaveFeatures;

export interface XsaveLayout {
  /** Offset of each part that the area has. */
  readonly offsets: Readonly<Partial<Record<XsaveFeature, number>>>;
}

/** The kernel's copy of XCR0 lies in the part of the legacy area that software may use (arch/x86/include/uapi/asm/ptrace-abi.h). */
const featuresOffset = 464;
/** XSTATE_BV: which parts are not in their initial state. */
export const usedFeaturesOffset = 512;
const headerEnd = 576;
const avxOffset = 576;
const avxEnd = 832;

const intel = { opmask: 1088, zmmHigh: 1152, zmmUpper: 1664, pkru: 2688 } as const;
const amd = { opmask: 832, zmmHigh: 896, zmmUpper: 1408, pkru: 2432 } as const;
/** Without AVX-512, AMD's PKRU follows AVX. */
const amdPkruAlone = 832;

export function xsaveLayout(area: Uint8Array): XsaveLayout {
  const offsets: Partial<Record<XsaveFeature, number>> = { x87: 0, sse: 160 };
  if (area.length < headerEnd) return { offsets };
  const features = new DataView(area.buffer, area.byteOffset).getUint32(featuresOffset, true);
  const has = (feature: XsaveFeature): boolean => (features & (1 << xsaveFeatures[feature])) !== 0;
  if (has('avx') && area.length >= avxEnd) offsets.avx = avxOffset;
  const chosen = area.length >= intel.pkru ? intel : amd;
  if (has('opmask') && has('zmmHigh') && has('zmmUpper') && area.length >= amd.pkru) {
    offsets.opmask = chosen.opmask;
    offsets.zmmHigh = chosen.zmmHigh;
    offsets.zmmUpper = chosen.zmmUpper;
  }
  if (has('pkru')) {
    const pkru = area.length < amd.pkru ? amdPkruAlone : chosen.pkru;
    if (area.length >= pkru + 4) offsets.pkru = pkru;
  }
  return { offsets };
}

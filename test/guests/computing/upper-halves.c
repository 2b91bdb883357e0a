// Progress in the upper half of a zmm register alone, and then of a ymm register. A processor without them prints the
// same.
// build: -O2
#include "../guest.h"

static const long long one512[8] = {0, 0, 0, 0, 0, 0, 0, 1};
static const long long end512[8] = {-1, -1, -1, -1, -1, -1, -1, 20000000};
static const long long one256[4] = {0, 0, 0, 1};
static const long long end256[4] = {0, 0, 0, 20000000};

__attribute__((target("avx512f"))) static long long countIn512(void) {
  long long result[8];
  __asm__ volatile(
      "vpxorq %%zmm17, %%zmm17, %%zmm17\n\t"
      "vmovdqu64 %1, %%zmm18\n\t"
      "vmovdqu64 %2, %%zmm19\n"
      "1:\n\t"
      "vpaddq %%zmm18, %%zmm17, %%zmm17\n\t"
      "vpcmpeqq %%zmm19, %%zmm17, %%k1\n\t"
      "kortestw %%k1, %%k1\n\t"
      "jz 1b\n\t"
      "vmovdqu64 %%zmm17, %0\n\t"
      : "=m"(result)
      : "m"(one512), "m"(end512)
      : "cc", "xmm16", "xmm17", "xmm18", "xmm19", "k1");
  return result[7];
}

__attribute__((target("avx2"))) static long long countIn256(void) {
  long long result[4];
  __asm__ volatile(
      "vpxor %%ymm1, %%ymm1, %%ymm1\n\t"
      "vmovdqu %1, %%ymm2\n\t"
      "vmovdqu %2, %%ymm3\n"
      "1:\n\t"
      "vpaddq %%ymm2, %%ymm1, %%ymm1\n\t"
      "vpxor %%ymm3, %%ymm1, %%ymm4\n\t"
      "vptest %%ymm4, %%ymm4\n\t"
      "jnz 1b\n\t"
      "vmovdqu %%ymm1, %0\n\t"
      : "=m"(result)
      : "m"(one256), "m"(end256)
      : "cc", "xmm1", "xmm2", "xmm3", "xmm4");
  return result[3];
}

int main(void) {
  say("%lld\n", __builtin_cpu_supports("avx512f") ? countIn512() : end512[7]);
  say("%lld\n", __builtin_cpu_supports("avx2") ? countIn256() : end256[3]);
  return 0;
}

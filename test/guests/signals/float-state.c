// x87, SSE, AVX and mask registers keep their values over a handler that changes them all, and are seen in its frame.
#include <cpuid.h>
#include <ucontext.h>

#include "../guest.h"

static int wide;
static double seenX87;
static float seenSse;

static void clobber(void) {
  double three = 3;
  __asm__ volatile(
      "fninit; fldl %0; fldl %0; pxor %%xmm0, %%xmm0; pxor %%xmm7, %%xmm7; pxor %%xmm15, %%xmm15" ::"m"(three)
      : "xmm0", "xmm7", "xmm15");
  if (wide) __asm__ volatile("vxorps %%ymm3, %%ymm3, %%ymm3" ::: "xmm3");
}

static void onSignal(int number, siginfo_t *info, void *context) {
  struct _libc_fpstate *state = ((ucontext_t *)context)->uc_mcontext.fpregs;
  long double top;
  memcpy(&top, &state->_st[0], 10);
  seenX87 = top;
  memcpy(&seenSse, &state->_xmm[7], sizeof seenSse);
  clobber();
}

int main(void) {
  unsigned a, b, c, d;
  wide = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & 1 << 5);
  struct sigaction action = {.sa_sigaction = onSignal, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, 0);
  double in = 2.71828, out = 0;
  float vector[8] = {1, 2, 3, 4, 5, 6, 7, 8}, back[8] = {0}, seven[4] = {7.5, 0, 0, 0}, sevenBack[4];
  uint16_t control = 0x027f, controlBack;
  uint32_t status = 0x3f80, statusBack;
  long pid = getpid(), value;
  __asm__ volatile(
      "fldcw %[control]; ldmxcsr %[status]; fldl %[in]; movups %[seven], %%xmm7\n"
      "testl %[wide], %[wide]; jz 1f; vmovups %[vector], %%ymm3; 1:\n"
      "mov $62, %%eax; mov %[pid], %%rdi; mov $10, %%esi; syscall\n"
      "testl %[wide], %[wide]; jz 2f; vmovups %%ymm3, %[back]; 2:\n"
      "movups %%xmm7, %[sevenBack]; fstpl %[out]; fnstcw %[controlBack]; stmxcsr %[statusBack]\n"
      : "=&a"(value), [out] "=m"(out), [back] "+m"(back), [sevenBack] "=m"(sevenBack), [controlBack] "=m"(controlBack),
        [statusBack] "=m"(statusBack)
      : [in] "m"(in), [vector] "m"(vector), [seven] "m"(seven), [control] "m"(control), [status] "m"(status),
        [wide] "r"(wide), [pid] "r"(pid)
      : "rdi", "rsi", "rcx", "r11", "memory", "xmm3", "xmm7", "st");
  say("kill %ld, x87 %.5f, SSE %.1f, control %x, status %x\n", value, out, sevenBack[0], controlBack,
      statusBack & 0xffc0);
  say("AVX kept %d\n", !wide || memcmp(vector, back, sizeof vector) == 0);
  say("in the frame: %.5f %.1f\n", seenX87, seenSse);
  volatile double x = 1;
  for (int i = 1; i < 30; i++) {
    x = x * 1.1 + 1.0 / i;
    if (i % 10 == 0) raise(SIGUSR1);
  }
  say("%.12f\n", x);
  return 0;
}

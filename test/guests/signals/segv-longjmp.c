// SIGSEGV of each kind left by siglongjmp: unmapped, protected, not canonical, jump to nowhere; many times.
#include <setjmp.h>

#include "../guest.h"

static sigjmp_buf back;
static volatile siginfo_t last;

static void onFault(int number, siginfo_t *info, void *context) {
  last.si_code = info->si_code;
  last.si_addr = info->si_addr;
  siglongjmp(back, number);
}

static void report(const char *what) { say("%s: code %d address %p\n", what, last.si_code, last.si_addr); }

int main(void) {
  struct sigaction action = {.sa_sigaction = onFault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, 0);
  if (sigsetjmp(back, 1) == 0) *(volatile int *)0x8000 = 1;
  report("write unmapped");
  if (sigsetjmp(back, 1) == 0) (void)*(volatile int *)0x8004;
  report("read unmapped");
  if (sigsetjmp(back, 1) == 0) (void)*(volatile int *)0x8000000000000000;
  report("not canonical");
  if (sigsetjmp(back, 1) == 0) ((void (*)(void))0x9000)();
  report("jump to nowhere");
  if (sigsetjmp(back, 1) == 0) *(volatile char *)main = 0;
  say("write to code: code %d, address is main %d\n", last.si_code, last.si_addr == (void *)main);
  if (sigsetjmp(back, 1) == 0) __asm__ volatile("hlt");
  report("privileged instruction");
  if (sigsetjmp(back, 1) == 0) __asm__ volatile("int $0x99");
  report("software interrupt");
  volatile int times = 0;
  while (times < 200)
    if (sigsetjmp(back, 1) == 0) {
      times++;
      *(volatile int *)(uintptr_t)(0x8000 + times) = 1;
    }
  report("last of many");
  return 0;
}

// A perf event that sends SIGTRAP when a word is written: no instruction raises it in a replay, which has no such
// event.
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>

#include "../guest.h"

// Linux 5.13; this attribute and `sig_data` are not in older headers.
enum { trapPerf = 6, sigtrapBit = 37, removeOnExecBit = 36 };

static volatile long watched __attribute__((aligned(8)));
static volatile int traps;

static void onTrap(int number, siginfo_t *info, void *context) {
  (void)number, (void)context;
  if (info->si_code == trapPerf) traps++;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onTrap, .sa_flags = SA_SIGINFO};
  need(sigaction(SIGTRAP, &action, 0) == 0);
  struct {
    struct perf_event_attr known;
    uint64_t more[2];
  } attributes = {.known = {.type = PERF_TYPE_BREAKPOINT,
                            .sample_period = 1,
                            .bp_type = HW_BREAKPOINT_W,
                            .bp_addr = (uintptr_t)&watched,
                            .bp_len = HW_BREAKPOINT_LEN_8,
                            .exclude_kernel = 1,
                            .exclude_hv = 1}};
  attributes.known.size = sizeof attributes;
  // The bit field begins behind read_format.
  uint64_t *bits = (uint64_t *)(void *)((char *)&attributes + offsetof(struct perf_event_attr, read_format) + 8);
  *bits |= 1UL << removeOnExecBit | 1UL << sigtrapBit;
  int event = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
  if (event < 0) {
    say("not offered\n");
    return 0;
  }
  for (int i = 1; i <= 5; i++) {
    watched = i;
    need(getppid() > 0);
    say("written %d times, %d traps\n", i, traps);
  }
  close(event);
  watched = 0;
  say("afterwards: %d traps\n", traps);
  return 0;
}

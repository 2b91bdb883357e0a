// A thread whose rdtsc traps reads the clock, and executes rdtsc. Prints `none` where it does not come to that; else a
// line for each case, with how often the handler was called for it.
#include "tracee/time-trap.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include <cinttypes>
#include <cstdio>
#include <thread>

namespace {

sigjmp_buf afterFault;

void onOtherFault(int) { siglongjmp(afterFault, 1); }

template <typename Body>
uint64_t handledBy(Body body) {
  const uint64_t before = rr::TimeTrap::handled();
  body();
  return rr::TimeTrap::handled() - before;
}

void readClock() {
  timespec time;
  for (int i = 0; i < 1000; i++) clock_gettime(CLOCK_MONOTONIC, &time);
}

void readCounter() { (void)__rdtsc(); }

void print(const char* what, uint64_t handled) { printf("%s: %" PRIu64 "\n", what, handled); }

}  // namespace

int main() {
  // What was there before still gets what is not for us.
  signal(SIGSEGV, onOtherFault);
  rr::TimeTrap trap;
  trap.begin();
  if (!trap.isActive()) return puts("none"), 0;
  print("clock", handledBy(readClock));
  uint64_t first = 0;
  uint64_t second = 0;
  unsigned processor = ~0U;
  print("rdtsc", handledBy([&] { first = __rdtsc(); }));
  print("rdtscp", handledBy([&] { second = __rdtscp(&processor); }));
  printf("forward: %d, of processor: %d\n", second > first, processor != ~0U);
  print("paused", handledBy([] {
          const rr::TimeTrap::Pause pause;
          readCounter();
        }));
  print("after the pause", handledBy(readCounter));
  std::thread([] { print("clock of a thread that it makes", handledBy(readClock)); }).join();
  const pid_t child = fork();
  if (child == 0) _exit(static_cast<int>(handledBy(readCounter)));
  int status = -1;
  waitpid(child, &status, 0);
  print("in a child", static_cast<uint64_t>(status));
  {
    rr::TimeTrap another;
    another.begin();
    trap.end();
    print("while another goes on", handledBy(readCounter));
  }
  print("ended", handledBy(readCounter));
  if (sigsetjmp(afterFault, 1) == 0) {
    *reinterpret_cast<volatile int*>(8) = 0;
  } else {
    puts("another fault: handled as before");
  }
  return 0;
}

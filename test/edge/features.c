// What cpuid tells of the processor's features, asked by the program, a child, a thread, and again behind an exec.
#include <cpuid.h>
#include <pthread.h>
#include <string.h>

#include "../guests/guest.h"

static void *tell(void *who) {
  unsigned a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, ignored;
  __cpuid(1, ignored, ignored, a, b);
  __cpuid_count(7, 0, ignored, c, d, e);
  __cpuid_count(7, 1, f, ignored, ignored, ignored);
  __cpuid_count(0xd, 1, g, ignored, ignored, ignored);
  // The operating system's XSAVE; the APIC id, which differs by processor, is in none of these.
  __cpuid(0, h, ignored, ignored, ignored);
  say("%s %08x %08x %08x %08x %08x %08x %08x %u\n", (const char *)who, a, b, c, d, e, f, g, h);
  return 0;
}

int main(int count, char **arguments) {
  if (count > 1) {
    tell("exec");
    return 0;
  }
  tell("program");
  pthread_t thread;
  need(pthread_create(&thread, 0, tell, "thread") == 0);
  pthread_join(thread, 0);
  const pid_t child = fork();
  if (child == 0) {
    tell("child");
    execl("/proc/self/exe", arguments[0], "again", (char *)0);
    _exit(1);
  }
  int status;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

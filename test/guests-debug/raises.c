// A signal that comes within a line of main's own, and its handler.
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile int received;

static void onAlarm(int signal) { received += signal; }

int main(void) {
  signal(SIGALRM, onAlarm);
  long self = getpid();
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_kill), "D"(self), "S"(SIGALRM) : "rcx", "r11", "memory");
  received += 100;  // the next line
  printf("received %d\n", received);
  return (int)result;
}

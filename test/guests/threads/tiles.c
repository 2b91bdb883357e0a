// The tiles of AMX, which a process asks for first: products over system calls, signals, a fork and in a thread.
#include <immintrin.h>
#include <pthread.h>
#include <sched.h>

#include "../guest.h"

enum { requestPermission = 0x1023, tileData = 18 };

struct configuration {
  unsigned char palette, start, rest[14];
  unsigned short columnBytes[16];
  unsigned char rows[16];
} __attribute__((aligned(64)));

static char left[1024], right[1024];
static int product[256];
static const struct configuration three = {.palette = 1, .columnBytes = {64, 64, 64}, .rows = {16, 16, 16}};

static void handler(int number) { (void)number; }

__attribute__((target("amx-tile,amx-int8"))) static void *multiply(void *name) {
  _tile_loadconfig(&three);
  _tile_zero(0);
  _tile_loadd(1, left, 64);
  _tile_loadd(2, right, 64);
  for (int i = 0; i < 4; i++) {
    _tile_dpbssd(0, 1, 2);
    getppid();
    if (i == 1) raise(SIGUSR1);
    if (i == 2) sched_yield();
  }
  _tile_stored(0, product, 64);
  _tile_release();
  say("%s: %016lx\n", (const char *)name, hashOf(product, sizeof product));
  return 0;
}

int main(void) {
  if (syscall(SYS_arch_prctl, poisoned(requestPermission), (long)tileData) != 0) {
    say("no tiles here\n");
    return 0;
  }
  for (int i = 0; i < 1024; i++) left[i] = (char)i, right[i] = (char)(i * 3);
  signal(SIGUSR1, handler);
  multiply("alone");
  pthread_t thread;
  need(pthread_create(&thread, 0, multiply, "thread") == 0);
  pthread_join(thread, 0);
  pid_t child = fork();
  if (child == 0) {
    multiply("child");
    _exit(0);
  }
  reap("child", child);
  return 0;
}

// The first process of a pid namespace dies of its own instruction, with threads and children alive, in a namespace
// inside another one. Signals that are sent to it it does not hear.
#include <pthread.h>
#include <sched.h>

#include "../guest.h"

static volatile int *volatile nowhere = 0;
static void fault(void) { *nowhere = 1; }
static void divide(void) {
  __asm__ volatile("xorl %%ecx, %%ecx; movl $1, %%eax; cltd; idivl %%ecx" : : : "eax", "ecx", "edx");
}
static void trap(void) { __asm__ volatile("int3"); }
static void illegal(void) { __asm__ volatile("ud2"); }

static void *wait_(void *unused_ unused) {
  pause();
  return 0;
}

static void *faultInThread(void *unused_ unused) {
  fault();
  return 0;
}

static void faultWithOthers(void) {
  pthread_t thread;
  for (int i = 0; i < 2; i++) {
    need(pthread_create(&thread, 0, wait_, 0) == 0);
    if (fork() == 0) pause();
  }
  fault();
}

static void faultOfThread(void) {
  pthread_t thread;
  if (fork() == 0) pause();
  need(pthread_create(&thread, 0, faultInThread, 0) == 0);
  pause();
}

static void endWithOthers(void) {
  pthread_t thread;
  for (int i = 0; i < 2; i++) {
    need(pthread_create(&thread, 0, wait_, 0) == 0);
    if (fork() == 0) pause();
  }
  exit(7);
}

static void unheard(void) {
  raise(SIGTERM);
  kill(getpid(), SIGINT);
  exit(8);
}

static void inNamespace(const char *what, void (*body)(void));

static void inside(void) {
  inNamespace("inner", faultWithOthers);
  if (fork() == 0) pause();
  fault();
}

static void inNamespace(const char *what, void (*body)(void)) {
  const pid_t outer = fork();
  need(outer >= 0);
  if (outer == 0) {
    if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) _exit(result("unshare", -1) != 0);
    const pid_t first = fork();
    need(first >= 0);
    if (first == 0) {
      body();
      _exit(9);
    }
    reap(what, first);
    _exit(0);
  }
  reap("outside", outer);
}

int main(void) {
  inNamespace("a fault", fault);
  inNamespace("a division", divide);
  inNamespace("a trap", trap);
  inNamespace("no instruction", illegal);
  inNamespace("a fault with others alive", faultWithOthers);
  inNamespace("a fault of a thread", faultOfThread);
  inNamespace("an end with others alive", endWithOthers);
  inNamespace("signals to itself", unheard);
  inNamespace("namespaces in namespaces", inside);
  return 0;
}

// Memory protection keys: the register that the kernel sets with a new key, faults, signals, threads, forks, programs.
#include <pthread.h>
#include <setjmp.h>

#include "../guest.h"

static sigjmp_buf back;

static unsigned rights(void) {
  unsigned low, high;
  __asm__ volatile("rdpkru" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static void setRights(unsigned value) { __asm__ volatile("wrpkru" : : "a"(value), "c"(0), "d"(0) : "memory"); }

static void onFault(int number, siginfo_t *info, void *context) {
  say("fault %d, key %d, rights %x\n", info->si_code, info->si_code == SEGV_PKUERR ? (int)info->si_pkey : -1, rights());
  siglongjmp(back, 1);
}

static void try(const char *what, volatile char *at) {
  if (sigsetjmp(back, 1) == 0) say("%s: reads %c\n", what, *at);
  if (sigsetjmp(back, 1) == 0) {
    *at = 'x';
    say("%s: writes\n", what);
  }
}

static void *inThread(void *page) {
  say("thread: rights %x\n", rights());
  try("thread", page);
  setRights(0);
  try("thread with all rights", page);
  return NULL;
}

static char *pageOf(char content) {
  char *page = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(page, content, pageSize);
  return page;
}

static void secondProgram(void) {
  say("second program: rights %x\n", rights());
  result("key", syscall(SYS_pkey_alloc, 0L, (long)PKEY_DISABLE_WRITE));
  // Such memory gets a key of the kernel's.
  char *page = pageOf('e');
  result("execute only", syscall(SYS_mprotect, page, pageSize, (long)PROT_EXEC));
  say("rights %x\n", rights());
  try("execute only", page);
  result("next key", syscall(SYS_pkey_alloc, 0L, 0L));
}

int main(int count, char **words) {
  struct sigaction action = {.sa_sigaction = onFault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, 0);
  if (count > 1) {
    secondProgram();
    return 0;
  }
  char *page = pageOf('k');
  const long key = syscall(SYS_pkey_alloc, 0L, (long)PKEY_DISABLE_WRITE);
  if (key < 0) {
    result("no keys here", key);
    return 0;
  }
  say("key %ld, rights %x\n", key, rights());
  const long closed = syscall(SYS_pkey_alloc, 0L, (long)PKEY_DISABLE_ACCESS);
  say("key %ld, rights %x\n", closed, rights());
  result("no such rights", syscall(SYS_pkey_alloc, 0L, 8L));
  result("read-only", syscall(SYS_pkey_mprotect, page, pageSize, (long)(PROT_READ | PROT_WRITE), poisoned(key)));
  try("read-only", page);
  result("closed", syscall(SYS_pkey_mprotect, page, pageSize, (long)(PROT_READ | PROT_WRITE), poisoned(closed)));
  try("closed", page);
  result("write from there", write(1, page, 1));
  int ends[2];
  need(pipe(ends) == 0);
  need(write(ends[1], "p", 1) == 1);
  result("read to there", read(ends[0], page, 1));
  result("other protection, same key", syscall(SYS_mprotect, page, pageSize, (long)PROT_READ));
  setRights(0);
  try("with all rights", page);
  setRights(0x55555554);
  if (fork() == 0) {
    say("child: rights %x\n", rights());
    try("child", page);
    result("child's key", syscall(SYS_pkey_alloc, 0L, 0L));
    _exit(0);
  }
  wait(NULL);
  pthread_t thread;
  need(pthread_create(&thread, NULL, inThread, page) == 0);
  pthread_join(thread, NULL);
  result("no key", syscall(SYS_pkey_mprotect, page, pageSize, (long)PROT_READ, poisoned(-1)));
  result("key that is none", syscall(SYS_pkey_mprotect, page, pageSize, (long)PROT_READ, poisoned(9)));
  result("free", syscall(SYS_pkey_free, poisoned(key)));
  result("free again", syscall(SYS_pkey_free, poisoned(key)));
  say("again: key %ld, rights %x\n", syscall(SYS_pkey_alloc, 0L, 3L), rights());
  execl("/proc/self/exe", words[0], "second", (char *)NULL);
  return 1;
}

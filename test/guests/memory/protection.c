// mprotect: what faults and what does not, on parts of mappings; the errors.
#include <setjmp.h>

#include "../guest.h"

static sigjmp_buf back;
static volatile int code;

static void onFault(int number, siginfo_t *info, void *context) {
  code = info->si_code;
  siglongjmp(back, 1);
}

static void try(const char *what, volatile char *at) {
  volatile char reading = '-', writing = '-';
  if (sigsetjmp(back, 1) == 0) {
    (void)*at;
    reading = 'r';
  }
  if (sigsetjmp(back, 1) == 0) {
    *at = 'x';
    writing = 'w';
  }
  say("%s: %c%c\n", what, reading, writing);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onFault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, 0);
  char *area = mmap(0, 6 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(area, 'm', 6 * pageSize);
  result("read-only", syscall(SYS_mprotect, area + pageSize, 2L * pageSize, (long)(PROT_READ)));
  try("page 0", area);
  try("page 1", area + pageSize);
  result("none", syscall(SYS_mprotect, area + 2 * pageSize, 2L * pageSize, (long)(PROT_NONE)));
  try("page 2", area + 2 * pageSize);
  say("code %d\n", code);
  try("page 4", area + 4 * pageSize);
  result("back", syscall(SYS_mprotect, area, 6L * pageSize, (long)(PROT_READ | PROT_WRITE)));
  try("page 2", area + 2 * pageSize);
  need(munmap(area + 3 * pageSize, pageSize) == 0);
  result("over a hole", syscall(SYS_mprotect, area, 6L * pageSize, (long)(PROT_READ)));
  try("before the hole", area);
  try("in the hole", area + 3 * pageSize);
  say("code %d\n", code);
  try("behind the hole", area + 5 * pageSize);
  result("not at a page", syscall(SYS_mprotect, area + 1, 1L * pageSize, (long)(PROT_READ)));
  result("of nothing", syscall(SYS_mprotect, area, 0L, (long)(PROT_READ)));
  int file = open("/etc/passwd", O_RDONLY);
  char *map = mmap(0, pageSize, PROT_READ, MAP_SHARED, file, 0);
  result("writable of a read-only shared file",
         syscall(SYS_mprotect, map, (long)pageSize, (long)(PROT_READ | PROT_WRITE)));
  map = mmap(0, pageSize, PROT_READ, MAP_PRIVATE, file, 0);
  result("writable of a private one", syscall(SYS_mprotect, map, (long)pageSize, (long)(PROT_READ | PROT_WRITE)));
  try("private file page", map);
  result("pkey_mprotect without a key",
         syscall(SYS_pkey_mprotect, map, (long)pageSize, (long)(PROT_READ), poisoned(-1)));
  return 0;
}

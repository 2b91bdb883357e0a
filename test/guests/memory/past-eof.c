// Touching a file mapping behind the file's end, or after the file was truncated: SIGBUS, until the file grows.
#include <setjmp.h>

#include "../guest.h"

static sigjmp_buf back;
static volatile char *faulted;
static volatile int code;

static void onBus(int number, siginfo_t *info, void *context) {
  faulted = info->si_addr;
  code = info->si_code;
  siglongjmp(back, 1);
}

static void touch(const char *what, volatile char *at, char *base) {
  if (sigsetjmp(back, 1) == 0) {
    char value = *at;
    say("%s: '%c'\n", what, value ? value : '0');
  } else {
    say("%s: SIGBUS code %d at page %ld\n", what, code, (faulted - base) / pageSize);
  }
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onBus, .sa_flags = SA_SIGINFO};
  sigaction(SIGBUS, &action, 0);
  int file = patternFile("file", pageSize + 10);
  char *map = mmap(0, 4 * pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  touch("in the file", map, map);
  touch("behind the end, same page", map + pageSize + 20, map);
  touch("next page", map + 2 * pageSize, map);
  need(ftruncate(file, 3 * pageSize) == 0);
  touch("next page after growing", map + 2 * pageSize, map);
  need(ftruncate(file, 0) == 0);
  touch("first page after truncation", map, map);
  result("read(2) from there", write(open("/dev/null", O_WRONLY), map, 10));
  int ends[2];
  need(pipe(ends) == 0);
  result("write to a pipe from there", write(ends[1], map, 10));
  return 0;
}

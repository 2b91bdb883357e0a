// Memory that a fork does not copy, and memory that it gives to the child empty.
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *withheld, *wiped, *kept;
int sum;

static char *page(void) { return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }

int main(void) {
  withheld = page();
  wiped = page();
  kept = page();
  *withheld = 'd', *wiped = 'w', *kept = 'k';
  madvise(withheld, 4096, MADV_DONTFORK);
  madvise(wiped, 4096, MADV_WIPEONFORK);
  madvise(kept, 4096, MADV_WIPEONFORK);
  madvise(kept, 4096, MADV_KEEPONFORK);
  sum = *withheld + *wiped + *kept;  // all are there
  pid_t child = fork();
  if (child == 0) {
    int isThere = madvise(withheld, 4096, MADV_NORMAL) == 0 || errno != ENOMEM;
    printf("child: %d %d %c\n", isThere, *wiped, *kept);
    fflush(stdout);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  printf("parent: %c%c%c\n", *withheld, *wiped, *kept);  // the end
  return 0;
}

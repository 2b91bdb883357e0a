// Calls that change mappings and fail after they have done a part: what they have done stays done.
#include <netinet/in.h>
#include <setjmp.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "../guest.h"

static sigjmp_buf fault;

static void onFault(int unused_ unused) { siglongjmp(fault, 1); }

// 'w': can be written; otherwise what it holds, or '-'.
static void show(const char *what, volatile char *at) {
  volatile char held = '-';
  volatile bool writable = false;
  if (sigsetjmp(fault, 1) == 0) held = *at ? *at : '0';
  if (sigsetjmp(fault, 1) == 0) {
    *at = *at;
    writable = true;
  }
  say("%s: %c%s\n", what, held, writable ? ", writable" : "");
}

static char *threePages(void) {
  char *pages = mmap(0, 3 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(pages != MAP_FAILED);
  pages[0] = 'a';
  pages[pageSize] = 'b';
  pages[2 * pageSize] = 'c';
  return pages;
}

static void showAll(char *pages) {
  show("  first", pages);
  show("  second", pages + pageSize);
  show("  third", pages + 2 * pageSize);
}

static void lockedPage(int advice, const char *what) {
  char *pages = threePages();
  need(mlock(pages + pageSize, pageSize) == 0);
  result(what, madvise(pages, 3 * pageSize, advice));
  showAll(pages);
}

static void hole(void) {
  char *pages = threePages();
  need(munmap(pages + pageSize, pageSize) == 0);
  result("advice over a hole", madvise(pages, 3 * pageSize, MADV_DONTNEED));
  showAll(pages);
  pages = threePages();
  need(munmap(pages + pageSize, pageSize) == 0);
  result("protection over a hole", mprotect(pages, 3 * pageSize, PROT_READ));
  showAll(pages);
}

static void holeAndLock(void) {
  char *pages = threePages();
  need(munmap(pages + pageSize, pageSize) == 0 && mlock(pages + 2 * pageSize, pageSize) == 0);
  result("advice over a hole and a locked page", madvise(pages, 3 * pageSize, MADV_DONTNEED));
  showAll(pages);
}

static void readOnlyFile(void) {
  close(patternFile("file", pageSize));
  const int file = open("file", O_RDONLY);
  char *pages = threePages();
  need(mprotect(pages, 3 * pageSize, PROT_READ) == 0);
  need(mmap(pages + pageSize, pageSize, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED);
  result("protection over a file that may not be written", mprotect(pages, 3 * pageSize, PROT_READ | PROT_WRITE));
  showAll(pages);
}

static void forkAdvice(void) {
  const int memory = memfd_create("shared", 0);
  need(ftruncate(memory, pageSize) == 0);
  char *pages = threePages();
  need(mmap(pages + pageSize, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory, 0) != MAP_FAILED);
  pages[pageSize] = 'b';
  result("wipe on fork", madvise(pages, 3 * pageSize, MADV_WIPEONFORK));
  const pid_t child = fork();
  if (child == 0) {
    showAll(pages);
    _exit(0);
  }
  reap("child", child);
}

// The kernel makes room before it asks who is behind the descriptor.
static void refusedMapping(void) {
  const int unconnected = socket(AF_INET, SOCK_STREAM, 0);
  need(unconnected >= 0);
  char *pages = threePages();
  void *mapped = mmap(pages + pageSize, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, unconnected, 0);
  result("a mapping that cannot be made", mapped == MAP_FAILED ? -1 : 0);
  showAll(pages);
  pages = threePages();
  mapped = mmap(pages + pageSize, pageSize, PROT_READ, MAP_SHARED | MAP_FIXED, -1, 0);
  result("a bad descriptor", mapped == MAP_FAILED ? -1 : 0);
  showAll(pages);
}

static void refusedMove(void) {
  char *pages = threePages();
  char *target = threePages();
  need(munmap(pages + pageSize, pageSize) == 0);
  void *moved = mremap(pages, 3 * pageSize, 3 * pageSize, MREMAP_MAYMOVE | MREMAP_FIXED, target);
  result("a move of what is not all there", moved == MAP_FAILED ? -1 : 0);
  showAll(target);
}

int main(void) {
  signal(SIGSEGV, onFault);
  signal(SIGBUS, onFault);
  lockedPage(MADV_DONTNEED, "advice over a locked page");
  lockedPage(-1, "no advice");
  hole();
  holeAndLock();
  readOnlyFile();
  forkAdvice();
  refusedMapping();
  refusedMove();
  return 0;
}

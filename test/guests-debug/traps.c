// Instructions that the recorder makes trap, where they are mapped from a file: also in a child, in pages that are
// moved, thrown away, or written over.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { pageBytes = 4096 };
extern char __executable_start[];

/** Each once, in a page of its own. */
__attribute__((noinline, aligned(4096))) static unsigned ask(void) {
  unsigned sum;
  __asm__ volatile(
      "rdtsc\n\t"
      "mov %%eax, %%esi\n\t"
      "rdtscp\n\t"
      "add %%eax, %%esi\n\t"
      "mov $1, %%eax\n\t"
      "xor %%ecx, %%ecx\n\t"
      "cpuid\n\t"
      "add %%eax, %%esi\n\t"
      ".globl asked\nasked: mov %%esi, %0\n\t"
      : "=r"(sum)
      :
      : "eax", "ebx", "ecx", "edx", "esi");
  return sum;
}

char *there;

__attribute__((noinline)) static void look(void) { __asm__ volatile("" ::: "memory"); }

int main(void) {
  unsigned sum = ask();
  pid_t child = fork();
  if (child != 0 && waitpid(child, NULL, 0) != child) return 1;
  int program = open("/proc/self/exe", O_RDONLY);
  char *copy = mmap(NULL, pageBytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, program, (char *)ask - __executable_start);
  char *place = mmap(NULL, pageBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  there = mremap(copy, pageBytes, pageBytes, MREMAP_MAYMOVE | MREMAP_FIXED, place);
  if (program < 0 || there != place) return 1;
  sum += ((unsigned (*)(void))there)();
  look();  // moved
  if (madvise(there, pageBytes, MADV_DONTNEED) != 0) return 1;
  sum += ((unsigned (*)(void))there)();
  look();  // again
  if (mprotect(there, pageBytes, PROT_READ | PROT_WRITE) != 0) return 1;
  memset(there, 0x90, 64);
  look();  // over
  printf("%d\n", sum != 0);
  return 0;
}

// Two processes in long code without a branch, so that a forced stop is at the first or second pass of its address.
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long run(int rounds) {
  unsigned long sum = 0;
  for (int round = 0; round < rounds; round++) __asm__ volatile(".rept 400000\n\tadd $3, %0\n\t.endr" : "+r"(sum));
  return sum;
}

int main(void) {
  pid_t child = fork();
  unsigned long sum = run(40);
  printf("%d %lu\n", child == 0, sum);
  fflush(stdout);
  return child == 0 ? 0 : waitpid(child, NULL, 0) != child;
}

// Executes an int3 and another one, gets SIGTRAP from itself, and tells how far it came. `handle`: it has a handler.
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void tell(const char *text) {
  if (write(1, text, strlen(text)) < 0) _exit(9);
}

static void onTrap(int number) { tell("handler\n"); }

int main(int count, char **words) {
  if (count > 1 && strcmp(words[1], "handle") == 0) signal(SIGTRAP, onTrap);
  tell("begin\n");
  __asm__ volatile("int3");
  tell("behind one\n");
  __asm__ volatile("int3; int3");
  tell("behind three\n");
  kill(getpid(), SIGTRAP);
  tell("end\n");
  return 5;
}

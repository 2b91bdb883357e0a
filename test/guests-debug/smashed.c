// A name that is longer than its place overwrites what lies above: the address to return to.
// build: -fno-stack-protector
#include <stdio.h>

static void copyText(char *to, const char *from) {
  for (int i = 0; from[i] != 0; i++) to[i] = from[i];
}

static void greet(const char *name) {
  char copy[16] = "";
  copyText(copy, name);
  printf("hello %s\n", copy);
}

int main(void) {
  greet("ada");
  greet("a name that nobody has measured");
  return 0;
}

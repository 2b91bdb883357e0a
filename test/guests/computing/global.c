// Progress that only a global variable shows: no register and no stack word tells one turn from another.
// build: -O1
#include "../guest.h"

static volatile unsigned long counter;

int main(void) {
  while (counter < 60000000) counter++;
  say("%lu\n", counter);
  return 0;
}

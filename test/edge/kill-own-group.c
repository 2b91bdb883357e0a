// Sends a signal to its own process group, the recorder in it, and tells when it lives on.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **words) {
  if (write(1, "sending\n", 8) != 8) return 1;
  kill(0, atoi(words[1]));
  return write(1, "survived\n", 9) != 9;
}

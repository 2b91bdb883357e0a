// abort, with a handler for SIGABRT that returns: the process dies nevertheless.
#include "../guest.h"

static void onAbort(int number) { say("handler for SIG%s\n", sigabbrev_np(number)); }

int main(void) {
  signal(SIGABRT, onAbort);
  abort();
}

// rr-launch: the static executable that stands between Node and what must not inherit Node's state.
#include <stdio.h>
#include <string.h>

#include "launcher/debugger.h"
#include "launcher/front.h"
#include "launcher/record-stub.h"
#include "launcher/replay-stub.h"

int main(int argc, char **argv) {
  static const char own[] = "rr-launch";
  const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
  // Under any other name it is the command itself.
  if (argc > 0 && strcmp(slash != NULL ? slash + 1 : argv[0], own) != 0) return runFront(argc, argv);
  if (argc >= 2) {
    if (strcmp(argv[1], "record-stub") == 0) return runRecordStub(argc - 1, argv + 1);
    if (strcmp(argv[1], "replay-stub") == 0) return runReplayStub(argc - 1, argv + 1);
    if (strcmp(argv[1], "debugger") == 0) return runDebugger(argc - 1, argv + 1);
  }
  fputs("rr-launch: started by rr only; modes: record-stub, replay-stub, debugger\n", stderr);
  return 2;
}

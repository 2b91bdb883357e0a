// rr-launch: the static executable that stands between Node and what must not inherit Node's state.
#include <string.h>

#include "launcher/debugger.h"
#include "launcher/front.h"
#include "launcher/record-stub.h"
#include "launcher/replay-stub.h"
#include "launcher/warden.h"

int main(int argc, char **argv) {
  static const char own[] = "rr-launch";
  const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
  const char *name = slash != NULL ? slash + 1 : argc > 0 ? argv[0] : "";
  // The modes are for rr itself, which starts it by its own name. Else it is the command: so it is, too, for who takes
  // the path of the package's `bin` as it stands.
  if (strcmp(name, own) == 0 && argc >= 2) {
    if (strcmp(argv[1], "record-stub") == 0) return runRecordStub(argc - 1, argv + 1);
    if (strcmp(argv[1], "replay-stub") == 0) return runReplayStub(argc - 1, argv + 1);
    if (strcmp(argv[1], "debugger") == 0) return runDebugger(argc - 1, argv + 1);
    if (strcmp(argv[1], "warden") == 0) return runWarden(argc - 1, argv + 1);
  }
  return runFront(argc, argv);
}

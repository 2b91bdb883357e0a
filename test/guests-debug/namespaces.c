// Loads a library into a namespace of its own, and calls into it.
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv) {
  void *library = dlmopen(LM_ID_NEWLM, argv[argc - 1], RTLD_NOW);
  if (library == NULL) {
    printf("%s\n", dlerror());
    return 1;
  }
  int (*step)(int) = (int (*)(int))dlsym(library, "pluginStep");
  printf("%d\n", step(argc));
  return 0;
}

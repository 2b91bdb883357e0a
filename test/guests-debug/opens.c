// Loads a library while it runs, calls into it, lets it go, and loads it once more.
#include <dlfcn.h>
#include <stdio.h>

static int useLibrary(const char *path, int number) {
  void *library = dlopen(path, RTLD_NOW);
  if (library == NULL) {
    printf("%s\n", dlerror());
    return -1;
  }
  int (*step)(int) = (int (*)(int))dlsym(library, "pluginStep");
  int result = step(number);
  dlclose(library);
  return result;  // the library has gone
}

int main(int argc, char **argv) {
  int first = useLibrary(argv[1], 3);
  int second = useLibrary(argv[1], 4);
  printf("%d %d\n", first, second);  // the end
  return argc;
}

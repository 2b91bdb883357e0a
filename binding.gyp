{
  "target_defaults": {
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
    "cflags_cc": ["-std=c++20", "-fexceptions", "-Wall", "-Wextra", "-Wno-unused-parameter", "-O2"],
    "cflags": ["-Wall", "-Wextra", "-O2"]
  },
  "targets": [
    {
      "target_name": "rr_engine",
      "sources": ["<!@(node scripts/list-sources.mjs native .cc)"],
      "include_dirs": ["<!@(node -p \"require('node-addon-api').include\")", "native", "preload"],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_CPP_EXCEPTIONS", "_GNU_SOURCE"]
    },
    {
      "target_name": "rr-launch",
      "type": "executable",
      "sources": ["<!@(node scripts/list-sources.mjs native/launcher .c)"],
      "include_dirs": ["native", "preload"],
      "defines": ["_GNU_SOURCE"],
      "ldflags": ["-static"],
      "cflags": ["-fno-pie", "-fno-stack-protector"]
    },
    {
      "target_name": "rr-runtime",
      "type": "executable",
      "configurations": { "Release": { "cflags!": ["-O3"] } },
      "sources": ["<!@(node scripts/list-sources.mjs preload .c)", "preload/hook.S", "preload/set-up.S"],
      "include_dirs": ["preload"],
      "cflags": [
        "-ffreestanding", "-fno-pie", "-fno-pic", "-fno-stack-protector", "-fno-asynchronous-unwind-tables",
        "-fcf-protection=none", "-mgeneral-regs-only", "-mno-red-zone", "-fno-tree-loop-distribute-patterns",
        "-fno-common", "-Werror=implicit-function-declaration"
      ],
      "cflags!": ["-fPIC", "-pthread"],
      "ldflags": ["-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", "-Wl,-T,<(module_root_dir)/preload/runtime.ld"]
    }
  ]
}

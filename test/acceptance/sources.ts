/** Sources that the programs work on, made the same each time. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A C program of about 300 lines whose output depends on all of its functions. */
export function cProgramSource(): string {
  const lines = [
    '#include <stdio.h>',
    '#include <stdlib.h>',
    '#include <string.h>',
    '',
    'static unsigned state = 12345;',
    '',
  ];
  const functionCount = 36;
  for (let i = 0; i < functionCount; i++) {
    lines.push(
      `static unsigned step${i}(unsigned value) {`,
      `  unsigned table[16]; for (int k = 0; k < 16; k++) table[k] = value * (k + ${i}u) ^ (value >> (k & 7));`,
      `  for (int k = 0; k < ${10 + i}; k++) { value = value * ${1103515245 + 2 * i}u + table[(value >> 28) & 15]; table[k & 15] += value; }`,
      `  switch (value % 5) { case 0: value += table[3]; break; case 1: value ^= table[5]; break; case 2: value -= table[7]; break; default: value = ~value; }`,
      `  state ^= value >> ${1 + (i % 16)}; for (int k = 15; k > 0; k--) if (table[k] < table[k - 1]) value += table[k] ^ state;`,
      '  return value ^ state;',
      '}',
    );
  }
  lines.push('int main(int argc, char **argv) {', '  unsigned value = argc > 1 ? (unsigned)atoi(argv[1]) : 1;');
  lines.push('  char *text = malloc(4096);', '  memset(text, 0, 4096);');
  for (let i = 0; i < functionCount; i++) lines.push(`  value = step${i}(value);`);
  lines.push('  for (int i = 0; i < 4095; i++) text[i] = (char)(32 + ((value >> (i % 24)) + i) % 90);');
  lines.push(
    '  printf("%u %zu\\n%.60s\\n", value, strlen(text), text);',
    '  free(text);',
    '  return (int)(value % 7);',
    '}',
    '',
  );
  return lines.join('\n');
}

/** So many C files with a header and a Makefile; `make check` also runs what was built. */
export function writeCProject(directory: string, count = 20): void {
  mkdirSync(directory, { recursive: true });
  const names = Array.from({ length: count }, (_, i) => `part${String(i).padStart(2, '0')}`);
  writeFileSync(
    join(directory, 'parts.h'),
    `#pragma once\n${names.map((name) => `unsigned ${name}(unsigned);\n`).join('')}`,
  );
  names.forEach((name, i) => {
    const next = names[i + 1];
    writeFileSync(
      join(directory, `${name}.c`),
      [
        '#include "parts.h"',
        '#include <stdio.h>',
        '#include <string.h>',
        `static unsigned table[${64 + i}];`,
        `unsigned ${name}(unsigned value) {`,
        `  for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) table[i] = value += i * ${i + 3}u ^ (value << 5);`,
        `  char text[32]; snprintf(text, sizeof text, "%u", value); value += (unsigned)strlen(text);`,
        `  return ${next === undefined ? 'value' : `${next}(value)`};`,
        '}',
        '',
      ].join('\n'),
    );
  });
  writeFileSync(
    join(directory, 'main.c'),
    `#include "parts.h"\n#include <stdio.h>\nint main(void) { printf("%u\\n", ${names[0]}(7)); return 0; }\n`,
  );
  writeFileSync(
    join(directory, 'Makefile'),
    [
      'CFLAGS = -O1 -Wall',
      `OBJECTS = main.o ${names.map((name) => `${name}.o`).join(' ')}`,
      'project: $(OBJECTS)',
      '\t$(CC) -o $@ $(OBJECTS)',
      '$(OBJECTS): parts.h',
      'check: project',
      '\t./project',
      '.PHONY: check',
      '',
    ].join('\n'),
  );
}

/**
 * Runs a command that prepares something; nothing of it is recorded.
 * @throws Error with what it said.
 */
export function prepareBy(directory: string, command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd: directory, encoding: 'utf8' });
  if (error !== undefined)
    throw new Error(`${command}: ${error.message}; scripts/install-packages.sh installs what is missing`);
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')} in ${directory}: status ${status}\n${stderr}`);
}

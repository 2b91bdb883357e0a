// Promises, timers, files and a garbage collector at work.
const { createHash } = require('node:crypto');
const { readFile, writeFile } = require('node:fs/promises');

async function main() {
  let kept = [];
  for (let i = 0; i < 300000; i++) {
    kept.push({ number: i, text: `text ${i}` });
    if (kept.length > 5000) kept = kept.slice(2500);
  }
  await Promise.all(Array.from({ length: 20 }, (_, i) => writeFile(`file${i}`, `content ${i}\n`.repeat(1000))));
  const hash = createHash('sha256');
  for (let i = 0; i < 20; i++) hash.update(await readFile(`file${i}`));
  await new Promise((resolve) => setTimeout(resolve, 10));
  console.log(kept.length, hash.digest('hex'));
}

main();

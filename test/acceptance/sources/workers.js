// Worker threads: messages both ways, shared memory with Atomics, and the main thread computing beside them.
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');

function compute(turns) {
  let sum = 0;
  for (let i = 0; i < turns; i++) sum += i % 7;
  return sum;
}

if (isMainThread) {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const results = [];
  for (let i = 0; i < 3; i++) {
    const worker = new Worker(__filename, { workerData: { shared, number: i } });
    worker.on('message', (sum) => {
      results[i] = sum;
      worker.postMessage('end');
    });
    worker.on('exit', () => {
      if (Atomics.add(shared, 1, 1) === 2) console.log(results.join(' '), Atomics.load(shared, 0));
    });
  }
  console.log(compute(2e7));
} else {
  const { shared, number } = workerData;
  for (let i = 0; i < 10000; i++) Atomics.add(shared, 0, 1);
  parentPort.on('message', () => parentPort.close());
  parentPort.postMessage(compute(1e7 + number));
}

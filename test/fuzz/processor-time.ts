/** Processor time of this process, all its threads; milliseconds. Beside other load it tells what an input costs. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

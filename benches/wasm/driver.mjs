// Runs the benches' module: reads "simulate DESIGN SECONDS" or "estimate DESIGN TIMES", a line each, and answers each with
// milliseconds of this process's CPU time, the result, and the digest of the run.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), {});
const core = instance.exports;

function time(work) {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return [(user + system) / 1e3, result];
}

for await (const line of createInterface({ input: process.stdin })) {
  const [what, design, amount] = line.split(' ');
  core.prepare(Number(design));
  const [took, result] = time(() => (what === 'simulate' ? core.run(Number(amount)) : core.estimate(Number(amount))));
  const digest = what === 'simulate' ? BigInt.asUintN(64, core.digest()) : 0;
  console.log(`${took} ${result} ${digest} ${core.memory.buffer.byteLength}`);
}

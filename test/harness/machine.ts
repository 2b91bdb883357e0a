/** What this machine can do, for tests of what not every machine can. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeProbes } from '../../engine/machine/native-probes.ts';

const features = nativeProbes().probeMachine();

/** By its name in `rr cpufeatures`. */
export function machineHas(feature: string): boolean {
  return features.some(({ name, works }) => name === feature && works);
}

type Body = () => void | Promise<void>;

export interface NeedySuite {
  (title: string, body: Body): void;
  run(): void;
}

/** A suite whose tests count as skipped where the machine does not have the feature. */
export function suiteNeeding(feature: string, name: string): NeedySuite {
  const tests = suite(name);
  const has = machineHas(feature);
  if (!has) {
    console.log(`skipped: this machine has no ${feature}`);
    tests(`without ${feature}, the machine says why`, () => {
      assert.ok(features.some(({ name: each, detail }) => each === feature && detail !== ''));
    });
  }
  const declare = (title: string, body: Body): void => {
    if (has) tests(title, async () => body());
    else tests.skip(title, async () => body());
  };
  return Object.assign(declare, { run: () => tests.run() });
}

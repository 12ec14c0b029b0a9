import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that begin before the others of their project, in this order: what takes long and begins last is waited for alone. */
const FIRST = ['vanish', 'linphone', 'push', 'transfer', 'pickup-phones', 'fuzz', 'package', 'race', 'kill', 'pickup-race'].map(
  (name) => `/test/interop/${name}.test.ts`,
);

const placeOf = ({ moduleId }: TestSpecification): number => {
  const place = FIRST.findIndex((path) => moduleId.endsWith(path));
  return place === -1 ? FIRST.length : place;
};

/** Vitest's own order, which knows how long files took only where they ran before, behind those that are known to take long. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => placeOf(a) - placeOf(b));
  }
}

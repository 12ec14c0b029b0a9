import fc from 'fast-check';
import type { Scene } from './scene.ts';

/** One thing that somebody does in histories, again and again. */
export interface Act<Drawn = unknown> {
  /** In words, such as `hangs up`; no other act of an attack has the same. */
  readonly name: string;
  /** What is drawn each time: mostly the number of a phone, which `Scene` turns into one. Plain data, so that it can be shown. */
  readonly arbitrary: fc.Arbitrary<Drawn>;
  /** Does it. What it answers is the line that the report shows; undefined: there was nothing to do. */
  run(scene: Scene, drawn: Drawn): string | undefined;
}

/**
 * An act of your own: `act('dials the emergency number', fc.nat(9), (scene, n) => { scene.phone(n)?.call('112'); })`. `run` may
 * answer a line for the report; by default that is the act's name.
 */
export const act = <Drawn>(
  name: string,
  arbitrary: fc.Arbitrary<Drawn>,
  // biome-ignore lint/suspicious/noConfusingVoidType: most acts have nothing more to say
  run: (scene: Scene, drawn: Drawn) => string | undefined | void,
): Act => ({
  name,
  arbitrary,
  run: (scene, drawn) => {
    const line = run(scene, drawn as Drawn);
    return line === undefined ? `${name} ${JSON.stringify(drawn)}` : line;
  },
});

/** Numbers that become phones, users and calls. */
export const number = fc.nat(4_095);

/** An act of the kit: where it has no line, nothing was done. */
export const quietAct = <Drawn>(
  name: string,
  arbitrary: fc.Arbitrary<Drawn>,
  run: (scene: Scene, drawn: Drawn) => string | undefined,
): Act => ({ name, arbitrary, run: (scene, drawn) => run(scene, drawn as Drawn) });

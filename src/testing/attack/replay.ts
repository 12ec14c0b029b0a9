/** What alone plays a failure again: fast-check's seed and path, with the name of the attack in front. */
export interface Replay {
  readonly name: string;
  readonly seed: number;
  readonly path: string;
}

const FORM = /^(?:(.*)\/)?(-?\d+)\/(\d+(?::\d+)*)$/;

/** `ring-back/-1172341/12:0:3`. */
export const writeReplay = ({ name, seed, path }: Replay): string => `${name}/${seed}/${path}`;

/** Throws where it is none. */
export function readReplay(text: string): Replay {
  const [, name = '', seed = '', path = ''] = FORM.exec(text) ?? [];
  if (path === '') throw new Error(`"${text}" replays nothing: it is what a failed attack printed after REPLAY=, NAME/SEED/PATH`);
  return { name, seed: Number(seed), path };
}

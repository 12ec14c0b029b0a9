import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** What is read must stand out from what it stands on, in light and in dark (WCAG 2.2, 1.4.3: 4.5 to 1). */
const sheet = readFileSync(fileURLToPath(new URL('../../src/page/styles/1-tokens.css', import.meta.url)), 'utf8');
const colors = new Map(
  [...sheet.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);/g)].map(([, name = '', ...both]) => [name, both]),
);

const PAIRS: readonly { readonly ink: string; readonly ground: string }[] = [
  ...['ink', 'ink-2', 'ink-3', 'accent'].flatMap((ink) => ['paper', 'card', 'hover'].map((ground) => ({ ink, ground }))),
  ...['good', 'wait', 'bad', 'off', 'accent'].map((tone) => ({ ink: tone, ground: `${tone}-soft` })),
];

/** WCAG's relative luminance. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe('colours of the page', () => {
  it('are read', () => expect(colors.size).toBeGreaterThan(15));

  it.each(PAIRS)('$ink on $ground is legible, in light and in dark', ({ ink, ground }) => {
    for (const mode of [0, 1]) {
      const [one = '', other = ''] = [colors.get(ink)?.[mode], colors.get(ground)?.[mode]];
      expect(contrast(one, other), `${one} on ${other}`).toBeGreaterThanOrEqual(4.5);
    }
  });
});

/** What makes a part of a picture a button: SVG has none. */
export const pressable = (name: string, press: () => void) => ({
  role: 'button' as const,
  tabIndex: 0,
  'aria-label': name,
  onClick: (event: Event): void => {
    event.stopPropagation();
    press();
  },
  onKeyDown: (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    press();
  },
});

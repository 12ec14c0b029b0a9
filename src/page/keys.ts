/** Keys that work everywhere: `/` searches, arrows move through a table's rows. */

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');

/** Listens until it is stopped. */
export function startKeys(): () => void {
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === '/' && !isTyping(event.target)) toSearch(event);
    else if (event.key === 'Escape' && event.target instanceof HTMLInputElement) leaveSearch(event.target);
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') toRow(event);
  };
  addEventListener('keydown', press);
  return () => removeEventListener('keydown', press);
}

function toSearch(event: KeyboardEvent): void {
  const field = document.getElementById('search');
  if (!(field instanceof HTMLInputElement)) return;
  event.preventDefault();
  field.focus();
  field.select();
}

/** The browser empties a search field by the first Escape; an empty one is left by it. */
function leaveSearch(field: HTMLInputElement): void {
  if (field.type === 'search' && field.value === '') field.blur();
}

/** From the search field and within a table, to the link of the next row. */
function toRow(event: KeyboardEvent): void {
  const { target } = event;
  if (!(target instanceof HTMLElement) || (target.id !== 'search' && target.closest('[data-rows]') === null)) return;
  const links = [...document.querySelectorAll<HTMLElement>('[data-rows] [data-row]')];
  const at = links.findIndex((link) => link === target || link.contains(target));
  const next = links[at + (event.key === 'ArrowDown' ? 1 : -1)];
  if (next === undefined && at !== 0) return;
  event.preventDefault();
  (next ?? document.getElementById('search'))?.focus();
}

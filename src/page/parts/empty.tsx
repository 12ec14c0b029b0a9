/** A place where nothing is, which says what to do next. */
import type { ComponentChildren, JSX } from 'preact';

export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

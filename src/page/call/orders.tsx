/** What can be ordered of a call that goes on. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CallView } from '../../insight/model.ts';
import { ApiError, pathOf, post } from '../api.ts';

type Order = (what: string, body?: unknown) => void;

export function Orders({ call }: { readonly call: CallView }): JSX.Element {
  const [said, say] = useState('');
  const [isAsking, setAsking] = useState(false);
  const order: Order = (what, body) => {
    setAsking(true);
    void answerTo(pathOf('calls', call.call, what), body).then((answer) => {
      setAsking(false);
      say(answer);
    });
  };
  const isRinging = call.state.startsWith('ringing');
  return (
    <div class="orders">
      <HangUp disabled={isAsking} order={order} />
      {isRinging ? (
        <>
          <OrderField what="fork" field="to" label="Ring also" hint="bob or sip:bob@…" disabled={isAsking} order={order} />
          <OrderField what="pickup" field="by" label="Pick up by" hint="carol" disabled={isAsking} order={order} />
        </>
      ) : null}
      <p role="status">{said}</p>
    </div>
  );
}

/** In words for people. */
async function answerTo(path: string, body: unknown): Promise<string> {
  try {
    await post(path, body);
    return 'Done.';
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

interface OrderParts {
  readonly disabled: boolean;
  readonly order: Order;
}

/** People talk: it is asked twice. */
function HangUp({ disabled, order }: OrderParts): JSX.Element {
  const [isSure, setSure] = useState(false);
  const press = (): void => {
    if (isSure) order('hangup');
    setSure(!isSure);
  };
  return (
    <button type="button" class={isSure ? 'danger' : ''} disabled={disabled} onClick={press} onBlur={() => setSure(false)}>
      {isSure ? 'Hang up: sure?' : 'Hang up'}
    </button>
  );
}

interface FieldParts extends OrderParts {
  readonly what: string;
  readonly field: string;
  readonly label: string;
  readonly hint: string;
}

function OrderField({ what, field, label, hint, disabled, order }: FieldParts): JSX.Element {
  const submit = (event: Event): void => {
    event.preventDefault();
    const input = (event.currentTarget as HTMLFormElement).elements.namedItem(field) as HTMLInputElement;
    order(what, { [field]: input.value.trim() });
  };
  return (
    <form class="order" onSubmit={submit}>
      <label>
        <span class="visually-hidden">{label}</span>
        <input name={field} required maxLength={256} placeholder={hint} autocomplete="off" spellcheck={false} />
      </label>
      <button type="submit" disabled={disabled}>
        {label}
      </button>
    </form>
  );
}

/** The phones of a user, and the way to forget one. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { BindingView, UserView } from '../../insight/model.ts';
import { ApiError, pathOf, remove } from '../api.ts';
import { Badge } from '../parts/badge.tsx';
import { Empty } from '../parts/empty.tsx';
import { Ago, In } from '../parts/when.tsx';

interface BindingsProps {
  readonly user: UserView;
  changed(): void;
}

export function Bindings({ user, changed }: BindingsProps): JSX.Element {
  const { aor, bindings } = user;
  if (bindings.length === 0) {
    return (
      <div class="card">
        <Empty title="No phone is registered">
          <p>A call to this user reaches nobody until one registers, or is known as wakeable in the config.</p>
        </Empty>
      </div>
    );
  }
  return (
    <ul class="phones">
      {bindings.map((binding) => (
        <li key={binding.device} class="phone card">
          <Phone binding={binding} />
          <Forget aor={aor} device={binding.device} name={binding.name} changed={changed} />
        </li>
      ))}
    </ul>
  );
}

function Phone({ binding }: { readonly binding: BindingView }): JSX.Element {
  const { name, userAgent, isAwake, pushProvider, transport, remote, contact, device, registeredAt, expiresAt } = binding;
  return (
    <>
      <h3 title={userAgent}>
        {name} <Badge tone={isAwake ? 'good' : 'accent'} text={isAwake ? 'Awake' : 'Asleep'} />
      </h3>
      <dl>
        <dt>Reached</dt>
        <dd>
          <span class="mono">
            {transport} {remote}
          </span>
        </dd>
        <dt>Woken by</dt>
        <dd>{pushProvider === '' ? <span class="faint">nothing: it gave no push address</span> : pushProvider}</dd>
        <dt>Registered</dt>
        <dd>
          <Ago at={registeredAt} />, runs out <In at={expiresAt} />
        </dd>
        <dt>Contact</dt>
        <dd class="mono">{contact}</dd>
        <dt>Device</dt>
        <dd class="mono faint">{device}</dd>
      </dl>
    </>
  );
}

interface ForgetProps {
  readonly aor: string;
  readonly device: string;
  readonly name: string;
  changed(): void;
}

/** Asks once more before it does it: the phone is not called until it registers anew. */
function Forget({ aor, device, name, changed }: ForgetProps): JSX.Element {
  const [isSure, setSure] = useState(false);
  const [refused, setRefused] = useState('');
  const forget = (): void => {
    setSure(false);
    void refusalOf(aor, device).then((why) => {
      setRefused(why);
      if (why === '') changed();
    });
  };
  return (
    <p class="forget">
      {isSure ? (
        <>
          <span>It is not called until it registers again.</span>
          <button type="button" class="danger" onClick={forget}>
            Remove it
          </button>
          <button type="button" onClick={() => setSure(false)}>
            Keep it
          </button>
        </>
      ) : (
        <button type="button" class="quiet" aria-label={`Remove the binding of ${name}`} onClick={() => setSure(true)}>
          Remove
        </button>
      )}
      <span class="problem" role="alert">
        {refused}
      </span>
    </p>
  );
}

/** Empty where it was done. */
async function refusalOf(aor: string, device: string): Promise<string> {
  try {
    await remove(pathOf('users', aor, 'bindings', device));
    return '';
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

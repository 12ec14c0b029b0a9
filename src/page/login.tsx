/** Asks for the token of the config, once per browser and session. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError, logIn } from './api.ts';

export function LoginPage(): JSX.Element {
  const [problem, setProblem] = useState('');
  const [isAsking, setAsking] = useState(false);
  const submit = (event: Event): void => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem('token') as HTMLInputElement;
    setAsking(true);
    void refusalOf(field.value).then((found) => {
      setAsking(false);
      setProblem(found);
      field.value = '';
      field.focus();
    });
  };
  return (
    <form class="login card" onSubmit={submit}>
      <h1>Log in</h1>
      <p>
        This service asks for the token that stands in its config, section <code>admin</code>.
      </p>
      <label for="token">Token</label>
      <input id="token" name="token" type="password" autocomplete="current-password" required autofocus />
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="primary" disabled={isAsking}>
        Log in
      </button>
    </form>
  );
}

/** Empty where it went well. */
async function refusalOf(token: string): Promise<string> {
  try {
    await logIn(token);
    return '';
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

/** What lies behind a row: a message in full text, or an entry of the journal with what led to it. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { CallView, MessageView } from '../../insight/model.ts';
import type { JournalEntry } from '../../journal/format.ts';
import { exactTime } from '../clock.ts';
import { kindOf, toldOf } from './moments.ts';
import { causesOf, tellingsOf } from './told.ts';
import { actorName, sinceStart } from './words.ts';

/** One of both: a place in the call's messages, or a number of an entry. */
export interface Shown {
  readonly message?: number;
  readonly entry?: number;
}

interface DrawerParts {
  readonly call: CallView;
  readonly shown: Shown;
  readonly show: (shown: Shown | undefined) => void;
}

export function Drawer({ call, shown, show }: DrawerParts): JSX.Element | null {
  const message = shown.message === undefined ? undefined : call.messages[shown.message];
  const entry = shown.entry === undefined ? undefined : call.entries.find(({ n }) => n === shown.entry);
  if (message !== undefined) {
    return (
      <Frame title={message.label} close={() => show(undefined)} key="drawer">
        <MessageText call={call} message={message} />
        <Neighbours place={shown.message ?? 0} count={call.messages.length} go={(place) => show({ message: place })} />
      </Frame>
    );
  }
  if (entry === undefined) return null;
  return (
    <Frame title={toldOf(entry).type} close={() => show(undefined)} key="drawer">
      <EntryText call={call} entry={entry} show={show} />
    </Frame>
  );
}

interface FrameParts {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

function Frame({ title, close, children }: FrameParts): JSX.Element {
  const opener = useRef(document.activeElement);
  const frame = useRef<HTMLElement>(null);
  useEffect(() => {
    const from = opener.current;
    return () => {
      if (from instanceof HTMLElement && from.isConnected) from.focus();
    };
  }, []);
  // Before it can be seen: whoever closes it at once is heard.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') close();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [close]);
  return (
    <aside class="drawer" ref={frame} aria-label={title}>
      <header>
        <h2 class="mono">{title}</h2>
        <button type="button" class="quiet" aria-label="Close" aria-keyshortcuts="Escape" onClick={close}>
          ✕
        </button>
      </header>
      {children}
    </aside>
  );
}

function MessageText({ call, message }: { readonly call: CallView; readonly message: MessageView }): JSX.Element {
  const { at, isIncoming, transport, remote, leg, text } = message;
  const party = call.parties.find((one) => one.leg === leg)?.name ?? '';
  const way = isIncoming ? 'came from' : 'went to';
  return (
    <>
      <p class="drawer-facts">
        <span class="number" title={exactTime(at)}>
          {sinceStart(call, at)} s
        </span>{' '}
        {way} {party === '' ? '' : `${party}, `}
        <span class="mono">{remote}</span> by {transport.toUpperCase()}
      </p>
      <pre class="sip">{linesOf(text)}</pre>
    </>
  );
}

const HEADER = /^([\w.!%*+`'~-]+)([ \t]*:)(.*)$/;

/** Header names stand out; the body is as it is. */
function linesOf(text: string): ComponentChildren {
  const [head = '', ...body] = text.split(/\r?\n\r?\n/);
  const [start = '', ...headers] = head.split(/\r?\n/);
  return (
    <>
      <b class="start">{start}</b>
      {headers.map((line, n) => {
        const [, name, colon, value] = HEADER.exec(line) ?? [];
        return (
          <span key={n}>
            {'\n'}
            {name === undefined ? (
              line
            ) : (
              <>
                <span class="name">
                  {name}
                  {colon}
                </span>
                {value}
              </>
            )}
          </span>
        );
      })}
      {body.length === 0 ? null : <span class="body">{`\n\n${body.join('\n\n').replaceAll('\r\n', '\n')}`}</span>}
    </>
  );
}

interface NeighbourParts {
  readonly place: number;
  readonly count: number;
  readonly go: (place: number) => void;
}

const Neighbours = ({ place, count, go }: NeighbourParts): JSX.Element => (
  <footer>
    <button type="button" disabled={place === 0} onClick={() => go(place - 1)}>
      Earlier
    </button>
    <span class="faint number">
      {place + 1} of {count}
    </span>
    <button type="button" disabled={place >= count - 1} onClick={() => go(place + 1)}>
      Later
    </button>
  </footer>
);

interface EntryParts extends Pick<DrawerParts, 'call' | 'show'> {
  readonly entry: JournalEntry;
}

const KIND = { fact: 'A fact', command: 'A command', timer: 'A delay that is over' } as const;

function EntryText({ call, entry, show }: EntryParts): JSX.Element {
  const told = toldOf(entry);
  const attributes = Object.entries(told).filter(([name]) => name !== 'type');
  const hearers = tellingsOf(entry);
  const causes = causesOf(call.entries, entry.n).slice(0, -1);
  return (
    <div class="drawer-body">
      <p class="drawer-facts">
        {KIND[kindOf(entry)]} of <strong>{actorName(call, entry.by)}</strong> at{' '}
        <span class="number">{sinceStart(call, call.startedAt + entry.at)} s</span>, entry {entry.n}
      </p>
      {entry.refused === undefined ? null : <p class="bad">Refused: {entry.refused}</p>}
      <h3>Heard by</h3>
      {hearers.length === 0 ? <p class="faint">Nobody in this call.</p> : null}
      <ul class="hearers">
        {hearers.map(({ to, isIgnored }) => (
          <li key={to}>
            {actorName(call, to)} <span class="faint mono">{to}</span>
            {isIgnored ? <span class="faint"> had nothing to do about it</span> : null}
          </li>
        ))}
      </ul>
      {causes.length === 0 ? null : (
        <>
          <h3>Because of</h3>
          <ol class="causes">
            {causes.map((cause) => (
              <li key={cause.n}>
                <button type="button" class="quiet" onClick={() => show({ entry: cause.n })}>
                  <span class="mono">{toldOf(cause).type}</span> <span class="faint">of {actorName(call, cause.by)}</span>
                </button>
              </li>
            ))}
          </ol>
        </>
      )}
      <h3>What it says</h3>
      <dl class="attributes">
        {attributes.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="mono">{typeof value === 'object' ? JSON.stringify(value, null, 2) : String(value)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

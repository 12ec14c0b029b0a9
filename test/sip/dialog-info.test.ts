import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { type DialogElement, formatDialogInfo } from '../../src/sip/dialog-info.ts';

const dialog: DialogElement = {
  id: 'd1',
  callId: 'c1',
  localTag: 'l1',
  remoteTag: 'r1',
  direction: 'recipient',
  state: 'early',
  event: '',
  local: { name: 'Bob', uri: 'sip:bob@example.com' },
  remote: { name: 'Alice "the" <boss> & co', uri: 'sip:alice@example.com' },
};
const written = (...dialogs: readonly DialogElement[]): string =>
  formatDialogInfo({ entity: 'sip:bob@example.com', version: 3, isFull: false, dialogs });
const read = (document: string): string => new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(document, 'latin1'));
const nameIn = (name: string): string | undefined =>
  /<local><identity(?: display="([^"]*)")?>/.exec(read(written({ ...dialog, local: { ...dialog.local, name } })))?.[1];

describe('a dialog-info document', () => {
  it('says what RFC 4235 §4.1 asks for', () => {
    expect(written(dialog)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\r\n' +
        '<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="3" state="partial" entity="sip:bob@example.com">\r\n' +
        '<dialog id="d1" call-id="c1" local-tag="l1" remote-tag="r1" direction="recipient"><state>early</state>' +
        '<local><identity display="Bob">sip:bob@example.com</identity><target uri="sip:bob@example.com"/></local>' +
        '<remote><identity display="Alice &quot;the&quot; &lt;boss&gt; &amp; co">sip:alice@example.com</identity>' +
        '<target uri="sip:alice@example.com"/></remote></dialog>\r\n</dialog-info>\r\n',
    );
  });

  it('says full, nothing of who is not known, and why a dialog ended', () => {
    const over = { ...dialog, state: 'terminated', event: 'cancelled', remote: { name: 'x', uri: '' } };
    const text = formatDialogInfo({ entity: 'sip:b@x', version: 0, isFull: true, dialogs: [over] });
    expect(text).toContain('state="full"');
    expect(text).toContain('<state event="cancelled">terminated</state><local>');
    expect(text).not.toContain('<remote>');
  });

  it.each([
    ['UTF-8 as it came from the wire', Buffer.from('Jürgen 你', 'utf8').toString('latin1'), 'Jürgen 你'],
    ['text of the config', 'Łucja', 'Łucja'],
    ['Latin-1 of an old phone', 'J\xfcrgen', 'Jürgen'],
    ['controls', 'a\u0000b\u001fc', 'a b c'],
    ['blanks alone', ' \t ', undefined],
    ['half a pair', '\ud83d!\u4f60', '\ufffd!你'],
    ['a name without end', 'x'.repeat(1000), 'x'.repeat(64)],
    ['emoji', '📞'.repeat(80), '📞'.repeat(64)],
  ])('shows a name: %s', (_, name, shown) => {
    expect(nameIn(name)).toBe(shown);
  });

  it('leaves out an address that is too long for any display', () => {
    expect(written({ ...dialog, remote: { name: 'x', uri: `sip:${'x'.repeat(300)}@y` } })).not.toContain('<remote>');
  });

  test.prop([fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ unit: 'binary', maxLength: 80 })], { numRuns: 300 })(
    'is well-formed UTF-8 whatever names and addresses say',
    (name, uri) => {
      const text = read(written({ ...dialog, event: name, local: { name, uri }, remote: { name: uri, uri: name } }));
      const inside = text.replace(/^<\?xml[^?]*\?>/, '').replace(/<\/?[a-z-]+( [a-z-]+="[^"<]*")*\/?>/g, '');
      expect(inside).not.toMatch(/[<>"]|&(?!(amp|lt|gt|quot|apos);)/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may stand there
      expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/);
      expect(text.match(/<dialog /g)).toHaveLength(1);
    },
  );
});

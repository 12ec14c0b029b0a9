/**
 * A message fit to be shown to others. Secrets become `x`, one for each character, so that lengths and Content-Length stay
 * right: digest responses (a password can be guessed offline from one), other credentials, push tokens (RFC 8599 §14), DTMF
 * (cards and PINs are typed so), SRTP keys (RFC 4568 §7).
 */

const x = (secret: string): string => 'x'.repeat(secret.length);
const hide = (_: string, kept: string, secret: string): string => kept + x(secret);

const DIGEST = /\b((?:response|rspauth)[ \t]*=[ \t]*"?)([0-9a-z]+)/gi;
const OTHER_CREDENTIALS = /^((?:proxy-)?authorization[ \t]*:[ \t]*(?!digest\b)[\w-]+[ \t]+)([^\r\n]+)/gim;
const PUSH_TOKEN = /(pn-prid[ \t]*=[ \t]*)("[^"\r\n]*"?|[^;>?\s,]*)/gi;
const SIGNAL = /^([ \t]*signal[ \t]*=[ \t]*)([^\r\n]+)/gim;
const KPML = /(\bdigits[ \t]*=[ \t]*["'])([^"'\r\n]*)/gi;
const SRTP_KEY = /(\binline:)([^\s|;]+)/gi;
const SDP_KEY = /^(k=[a-z]+:)([^\r\n]+)/gim;
const DTMF_TYPE = /^(?:content-type|c)[ \t]*:[ \t]*(?:application\/dtmf\b(?!-relay)|audio\/telephone-event)/im;

function maskedBody(head: string, body: string): string {
  if (body === '') return body;
  if (DTMF_TYPE.test(head)) return body.replace(/[^\r\n]/g, 'x');
  return body.replace(SIGNAL, hide).replace(KPML, hide).replace(SRTP_KEY, hide).replace(SDP_KEY, hide).replace(PUSH_TOKEN, hide);
}

/** The message with its secrets masked. */
export function masked(text: string): string {
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  const shown = head.replace(DIGEST, hide).replace(OTHER_CREDENTIALS, hide).replace(PUSH_TOKEN, hide);
  return shown + (end < 0 ? '' : maskedBody(head, text.slice(end)));
}

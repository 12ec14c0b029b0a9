/** UTF-8 of two to four bytes, each byte as one character. */
const UTF8 =
  /[\xc2-\xdf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|[\xf1-\xf3][\x80-\xbf]{3}|\xf0[\x90-\xbf][\x80-\xbf]{2}|\xf4[\x80-\x8f][\x80-\xbf]{2}/g;

/** Text of the wire (bytes as latin1) as the text it stands for; whatever is no UTF-8 stays as it is. */
export const wireText = (text: string): string => text.replace(UTF8, (bytes) => Buffer.from(bytes, 'latin1').toString('utf8'));

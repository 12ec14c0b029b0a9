/** The two functions of npm `sip` that are used here; it brings no types of its own. */
declare module 'sip' {
  interface ParsedHead {
    readonly version: string;
    readonly method?: string;
    readonly uri?: string;
    readonly status?: number;
    readonly reason?: string;
    readonly headers: {
      readonly 'call-id'?: string;
      readonly cseq?: { readonly seq: number; readonly method: string };
    };
  }
  interface WrittenMessage {
    readonly method?: string;
    readonly uri?: string;
    readonly status?: number;
    readonly reason?: string;
    readonly headers: Record<string, string | { readonly seq: number; readonly method: string }>;
    readonly content: string;
  }
  const sip: {
    parse(text: string): ParsedHead | undefined;
    stringify(message: WrittenMessage): string;
  };
  export default sip;
}

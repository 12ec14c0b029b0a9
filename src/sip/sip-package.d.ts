declare module 'sip' {
  /** What `parse` makes of a start line. */
  interface Parsed {
    readonly method?: string;
    readonly uri?: string;
    readonly status?: number;
    readonly reason?: string;
    readonly version: string;
  }
  const sip: {
    /** `undefined` for what is neither request nor status line. */
    parse(text: string): Parsed | undefined;
  };
  export default sip;
}

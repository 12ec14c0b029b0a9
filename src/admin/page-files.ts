/** The built files of the live page, read once: what is not among them cannot be asked for, whatever the path. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};
const MAX_FILES = 500;
const MAX_FILE_BYTES = 8 * 1024 * 1024;
/** Below this it costs more than it saves. */
const WORTH_SQUEEZING_BYTES = 1024;
const squeeze = promisify(gzip);

/** One file as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer<ArrayBuffer>;
  /** Its gzip, made when first asked for; undefined where that is no smaller. */
  squeezed(): Promise<Buffer<ArrayBuffer> | undefined>;
}

/** By path: `/index.html`, `/assets/main-Ab12.js`. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** Reads all files of known types under a folder; none where there is no such folder. */
export function readPage(folder: string): PageFiles {
  const files = new Map<string, PageFile>();
  for (const path of pathsIn(folder)) {
    const type = TYPES[extname(path)];
    if (type === undefined || files.size >= MAX_FILES) continue;
    const bytes = readFileSync(path);
    if (bytes.length <= MAX_FILE_BYTES) files.set(`/${relative(folder, path).split(sep).join('/')}`, fileOf(type, bytes));
  }
  return files;
}

function pathsIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return []; // It was not built.
  }
}

function fileOf(type: string, bytes: Buffer<ArrayBuffer>): PageFile {
  let making: Promise<Buffer<ArrayBuffer> | undefined> | undefined;
  const make = async (): Promise<Buffer<ArrayBuffer> | undefined> => {
    if (bytes.length < WORTH_SQUEEZING_BYTES || type.startsWith('image/png') || type.startsWith('font/')) return undefined;
    const small = await squeeze(bytes, { level: 9 });
    return small.length < bytes.length ? small : undefined;
  };
  return {
    ...{ type, bytes },
    squeezed: () => {
      making ??= make();
      return making;
    },
  };
}

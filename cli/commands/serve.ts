/**
 * `engram serve`: the browser workspace on 127.0.0.1.
 *
 * A static server for dist/browser/ and one image. The headers isolate the page
 * (so that shared memory works in it) and let it run nothing but its own
 * scripts. Only requests that name this machine are answered, so no page of
 * another origin can reach it by a name that resolves here.
 */

import { createReadStream, statSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { baseImagePath } from "../base-image.ts";
import type { Request } from "../command-table.ts";
import { UsageError } from "../command-table.ts";
import { type ExitCode, exitCodes, Refused } from "../exit-codes.ts";
import { imagePath } from "../image-session.ts";

const pageFolder = fileURLToPath(new URL("./browser/", import.meta.url));
const address = "127.0.0.1";
const usualPort = 8080;
/** How many ports behind the usual one are tried. */
const portsTried = 20;

const typeOfSuffix: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json; charset=utf-8",
  map: "application/json; charset=utf-8",
  webmanifest: "application/manifest+json; charset=utf-8",
  txt: "text/plain; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  ico: "image/x-icon",
  woff2: "font/woff2",
  wasm: "application/wasm",
  image: "application/octet-stream",
};

const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy":
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
    "img-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self' https:; object-src 'none'; " +
    "base-uri 'none'; form-action 'none'; " +
    // Pages on this machine may have a workspace in them.
    "frame-ancestors 'self' http://127.0.0.1:* http://localhost:*",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-cache",
} as const;

/** Files that are named by a hash of what they hold. */
const neverChanging = { "Cache-Control": "public, max-age=31536000, immutable" } as const;

/** What other pages put into themselves. */
const forOtherPages = { "Cross-Origin-Resource-Policy": "cross-origin" } as const;

export async function serve(request: Request): Promise<ExitCode> {
  const image = imagePath(request, request.words[0]);
  if (statSync(join(pageFolder, "index.html"), { throwIfNoEntry: false }) === undefined) {
    throw new Refused("the workspace is not built; run npm run build", exitCodes.failed);
  }
  if (statSync(image, { throwIfNoEntry: false }) === undefined) {
    throw new Refused(`there is no image ${image}`, exitCodes.badImage);
  }
  const server = workspaceServer(pageFolder, image);
  const port = await listen(server, wantedPort(request));
  process.stdout.write(
    `http://${address}:${port}/${image === baseImagePath ? "" : query(image)}\n`,
  );
  return await new Promise((resolve) => {
    const stop = () => {
      server.close(() => resolve(exitCodes.ok));
      server.closeAllConnections();
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
  });
}

/** A server of the files in a folder, and of an image. */
export function workspaceServer(folder: string, image: string): Server {
  // Not at the top: the command line is one bundle, and every other command would load it too;
  // nor by an import, which a script made for V8's code cache cannot do.
  const { createServer } = process.getBuiltinModule("node:http");
  return createServer((incoming, response) => answer(incoming, response, folder, image));
}

/** Makes the page open that image instead of the one it had last. */
function query(image: string): string {
  return `?${new URLSearchParams({ image: "engram.image", name: basename(image, ".image") })}`;
}

function wantedPort(request: Request): number | undefined {
  const text = request.options.get("port");
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new UsageError(`a port is a number up to 65535, not "${text}"`, request.command);
}

/** Listens on the port wanted, or on the first free one from the usual one on. */
async function listen(server: Server, wanted: number | undefined): Promise<number> {
  const last = wanted ?? usualPort + portsTried;
  for (let port = wanted ?? usualPort; ; port++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, address, () => {
          server.off("error", reject);
          resolve();
        });
      });
      return (server.address() as { port: number }).port;
    } catch (error) {
      if ((error as { code?: string }).code !== "EADDRINUSE" || port >= last) {
        throw new Refused(
          `port ${port} cannot be had: ${(error as Error).message}`,
          exitCodes.failed,
        );
      }
    }
  }
}

function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  folder: string,
  image: string,
): void {
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(incoming.headers.host ?? "")) {
    refuse(response, 403);
    return;
  }
  if (incoming.method !== "GET" && incoming.method !== "HEAD") {
    refuse(response, 405);
    return;
  }
  const file = fileFor(incoming.url ?? "/", folder, image);
  const stat = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
  if (file === undefined || !stat?.isFile()) {
    refuse(response, 404);
    return;
  }
  const compressed = compressedFile(file, incoming);
  const type = typeOfSuffix[file.slice(file.lastIndexOf(".") + 1)] ?? "application/octet-stream";
  const modified = stat.mtime.toUTCString();
  if (incoming.headers["if-modified-since"] === modified) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, {
    ...headers,
    ...(basename(file) === "embed.js" ? forOtherPages : {}),
    ...(dirname(file) === join(folder, "assets") ? neverChanging : {}),
    "Content-Type": type,
    ...(compressed === undefined ? {} : { "Content-Encoding": "br", Vary: "Accept-Encoding" }),
    "Content-Length": compressed?.size ?? stat.size,
    "Last-Modified": modified,
  });
  if (incoming.method === "HEAD") response.end();
  else
    createReadStream(compressed?.file ?? file)
      .on("error", () => response.destroy())
      .pipe(response);
}

/** The same as Brotli makes it, if it lies beside the file and the browser takes it. */
function compressedFile(
  file: string,
  { headers: { "accept-encoding": accepted } }: IncomingMessage,
): { file: string; size: number } | undefined {
  if (!/\bbr\b/.test(String(accepted))) return undefined;
  const size = statSync(`${file}.br`, { throwIfNoEntry: false })?.size;
  return size === undefined ? undefined : { file: `${file}.br`, size };
}

/** The file behind a request's path, or undefined if it names none of ours. */
function fileFor(url: string, folder: string, image: string): string | undefined {
  let path: string;
  try {
    path = decodeURIComponent(new URL(url, `http://${address}`).pathname);
  } catch {
    return undefined;
  }
  if (path.includes("\0")) return undefined;
  if (path === "/engram.image") return image;
  const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
  // An encoded slash or backslash may still lead out of the folder.
  return relative(folder, file).startsWith("..") ? undefined : file;
}

function refuse(response: ServerResponse, status: 403 | 404 | 405): void {
  response.writeHead(status, { ...headers, "Content-Type": "text/plain; charset=utf-8" });
  response.end(`${status}\n`);
}

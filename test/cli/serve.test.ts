import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workspaceServer } from "../../cli/commands/serve.ts";
import { commandLine } from "./command-line.ts";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let folder: string;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "engram-serve-"));
  const page = join(folder, "browser");
  mkdirSync(join(page, "assets"), { recursive: true });
  writeFileSync(join(page, "index.html"), "<!doctype html>");
  writeFileSync(join(page, "assets/main.js"), "export {};");
  writeFileSync(join(page, "assets/main.js.br"), brotliCompressSync("export {};"));
  writeFileSync(join(folder, "secret.txt"), "secret");
  writeFileSync(join(folder, "my.image"), "image");
  server = workspaceServer(page, join(folder, "my.image"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

function ask(
  path: string,
  more: { method?: string; host?: string; "accept-encoding"?: string } = {},
): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const { method = "GET", host = `127.0.0.1:${port}`, ...rest } = more;
    const options = { host: "127.0.0.1", port, path, method, headers: { host, ...rest } };
    const asking = request(options, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, body }),
      );
    });
    asking.on("error", reject);
    asking.end();
  });
}

describe("the workspace server", () => {
  it("sends what is compressed to those who take it", async () => {
    const plain = await ask("/assets/main.js");
    expect(plain.headers["content-encoding"]).toBe(undefined);
    expect(plain.body).toBe("export {};");
    const compressed = await ask("/assets/main.js", { "accept-encoding": "gzip, br" });
    expect(compressed.headers["content-encoding"]).toBe("br");
    expect(compressed.headers["content-type"]).toBe("text/javascript; charset=utf-8");
    expect(Number(compressed.headers["content-length"])).toBe(
      brotliCompressSync("export {};").length,
    );
    const page = await ask("/", { "accept-encoding": "br" });
    expect(page.headers["content-encoding"]).toBe(undefined);
  });

  it("serves the page, its parts and the image with their types", async () => {
    const page = await ask("/");
    expect(page).toMatchObject({ status: 200, body: "<!doctype html>" });
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    const script = await ask("/assets/main.js?v=1");
    expect(script.headers["content-type"]).toBe("text/javascript; charset=utf-8");
    const image = await ask("/engram.image");
    expect(image).toMatchObject({ status: 200, body: "image" });
    expect(image.headers["content-type"]).toBe("application/octet-stream");
  });

  it("has what is named by a hash of itself kept, and all else asked for again", async () => {
    const script = await ask("/assets/main.js");
    expect(script.headers["cache-control"]).toContain("immutable");
    for (const path of ["/", "/engram.image", "/nothing"]) {
      expect((await ask(path)).headers["cache-control"]).toBe("no-cache");
    }
  });

  it("isolates the page and lets it run only its own scripts", async () => {
    for (const path of ["/", "/nothing"]) {
      const { headers } = await ask(path);
      expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
      expect(headers["cross-origin-embedder-policy"]).toBe("require-corp");
      const policy = headers["content-security-policy"]!;
      expect(policy).toContain("script-src 'self'");
      expect(policy).not.toContain("'unsafe-eval'");
    }
  });

  it("gives nothing from outside its folder", async () => {
    const paths = [
      "/../secret.txt",
      "/..%2fsecret.txt",
      "/assets/%2e%2e/%2e%2e/secret.txt",
      "/%00",
    ];
    for (const path of paths) {
      const { status, body } = await ask(path);
      expect({ path, status }).toEqual({ path, status: 404 });
      expect(body).not.toContain("secret");
    }
  });

  it("does not answer to names of other origins, nor to changes", async () => {
    expect((await ask("/", { host: "evil.example" })).status).toBe(403);
    expect((await ask("/", { method: "POST" })).status).toBe(405);
  });

  it("answers a question for the headers with the headers alone", async () => {
    const { status, headers, body } = await ask("/", { method: "HEAD" });
    expect({ status, body }).toEqual({ status: 200, body: "" });
    expect(headers["content-length"]).toBe("15");
  });
});

describe("engram serve", () => {
  const { folder: place, engram } = commandLine(["cli"]);

  it("serves the page that was built, as the bundle that was built", async () => {
    for (const part of ["cli/engram.cjs", "dist/engram.cjs"]) {
      cpSync(join(import.meta.dirname, "../..", part), join(place(), part));
    }
    mkdirSync(join(place(), "dist/browser"));
    writeFileSync(join(place(), "dist/browser/index.html"), "<!doctype html>");
    writeFileSync(join(place(), "dist/engram.image"), "image");
    let page: Promise<string> | undefined;
    const { code, err } = await engram(["serve", "--port", "0"], {
      program: join(place(), "cli/engram.cjs"),
      whileRunning: (child) => {
        child.stdout!.once("data", (address: string) => {
          page = fetch(address.trim()).then((answer) => answer.text());
          void page.finally(() => child.kill("SIGTERM"));
        });
      },
    });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(await page).toBe("<!doctype html>");
  });
});

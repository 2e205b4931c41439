/**
 * Puts a workspace into another page, where this script stands:
 *
 *   <script src="https://…/embed.js" data-code="3 + 4" data-height="400"></script>
 *
 * data-code opens a Playground with that code, data-image a copy of the image at that address.
 */
(() => {
  const script = document.currentScript;
  const { code, image, height = "420", title = "Engram" } = script.dataset;
  const address = new URL("./", script.src);
  // What the reader does in it stays with this page.
  address.searchParams.set("embedded", location.host + location.pathname);
  if (image !== undefined) address.searchParams.set("image", new URL(image, document.baseURI).href);
  if (code !== undefined) address.hash = `code=${encodeURIComponent(code)}`;
  const frame = document.createElement("iframe");
  frame.src = address.href;
  frame.title = title;
  frame.allow = "clipboard-read; clipboard-write; cross-origin-isolated";
  frame.style.cssText = `width: 100%; height: ${Number(height)}px; border: 1px solid #8888; border-radius: 6px`;
  // A head shows nothing.
  if (script.closest("head") === null) script.after(frame);
  else addEventListener("DOMContentLoaded", () => document.body.append(frame));
})();

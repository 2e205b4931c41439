/** The page: its buttons, the terminal, dropped files, and coming and going. */
import "./style.css";
import { notify } from "./dialogs.ts";
import { droppedFiles, sourcesIn } from "./display/exchange.ts";
import { usualFontSize } from "./display/metrics.ts";
import { ImageList } from "./image-list.ts";
import { Terminal } from "./terminal.ts";
import { Windows } from "./windows.ts";
import { Workspace } from "./workspace.ts";

const find = <T extends HTMLElement>(id: string): T => document.querySelector<T>(`#${id}`)!;

const state = find("state");
const fileInput = find<HTMLInputElement>("file");
const drop = find("drop");

const terminal = new Terminal(find("terminal"));

const windows = new URLSearchParams(location.search).has("terminal")
  ? undefined
  : new Windows(
      find("terminal"),
      (event, isChange) => workspace.windowEvent(event, isChange),
      (fontSize) => {
        terminal.followTheme();
        terminal.chooseFontSize(fontSize === usualFontSize ? undefined : fontSize + 1);
      },
    );

const workspace: Workspace = new Workspace({
  terminal,
  windows,
  showState(name, text) {
    if (state.dataset.state === name && state.textContent === text) return;
    state.dataset.state = name;
    state.textContent = text;
  },
  showName(name) {
    find("name").textContent = name;
    document.title = `${name} – Engram`;
  },
  chooseFile: () => fileInput.click(),
  showImages: () => void images.show(),
});

terminal.listener = workspace;
terminal.screenReader = localStorage.getItem("engram.screenReader") === "true";
const images: ImageList = new ImageList(workspace);

// Buttons

function onClick(id: string, act: () => void): void {
  find(id).addEventListener("click", act);
}

onClick("images", () => void images.show());
onClick("run", () => {
  if (windows?.run() !== true) terminal.type("\r");
});
onClick("stop", () => {
  workspace.stop();
  if (windows === undefined) terminal.focus();
});
onClick("save", () => void workspace.save());
onClick("download", () => void workspace.downloadCurrent());
onClick("open", () => fileInput.click());

/** What keys send that are no characters. */
const sequences: Readonly<Record<string, string>> = {
  Tab: "\t",
  Up: "\x1b[A",
  Down: "\x1b[B",
  Left: "\x1b[D",
  Right: "\x1b[C",
  Interrupt: "\x03",
};

// Whatever has the keyboard keeps it.
for (const id of ["run", "stop"]) {
  find(id).addEventListener("mousedown", (event) => event.preventDefault());
}

for (const key of document.querySelectorAll<HTMLElement>("#keys button")) {
  // Keeps the keyboard of a phone where it is.
  key.addEventListener("pointerdown", (event) => event.preventDefault());
  const name = key.dataset.key!;
  key.addEventListener("click", () => {
    if (windows?.type(name) !== true) terminal.type(sequences[name] ?? name);
  });
}

addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey)) return;
  if (event.key === ".") workspace.stop();
  else if (event.key.toLowerCase() === "s") void workspace.save();
  else return;
  event.preventDefault();
});

// Files

fileInput.addEventListener("change", () => {
  const files = [...(fileInput.files ?? [])];
  fileInput.value = "";
  void takeFiles(files.map((file) => [file.name, file] as const));
});

const bringsFile = (event: DragEvent): boolean =>
  event.dataTransfer?.types.includes("Files") === true;

addEventListener("dragover", (event) => {
  if (!bringsFile(event)) return;
  event.preventDefault();
  drop.hidden = false;
});
addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) drop.hidden = true;
});
addEventListener("drop", (event) => {
  drop.hidden = true;
  if (!bringsFile(event)) return;
  event.preventDefault();
  void droppedFiles(event.dataTransfer!).then(takeFiles);
});

/** One image is opened; everything else is looked through for source code. */
async function takeFiles(files: readonly (readonly [string, File])[]): Promise<void> {
  const image = files.find(([path]) => path.endsWith(".image"));
  if (image !== undefined || windows === undefined) {
    const [, file] = image ?? files[0] ?? [];
    if (file !== undefined) await workspace.openBytes(file, file.name);
    return;
  }
  try {
    const pairs = await sourcesIn(files);
    if (pairs.length > 0) windows.offerFiles(pairs);
    else notify("drop", "warning", "There is no image and no source code in what was dropped.");
  } catch (error) {
    notify("drop", "warning", `It could not be read: ${(error as Error).message}`);
  }
}

// Coming and going

document.addEventListener("visibilitychange", () => {
  if (document.hidden) workspace.saveQuickly();
});
addEventListener("pagehide", () => workspace.leave());
addEventListener("beforeunload", (event) => {
  if (workspace.isLosing) event.preventDefault();
});

await workspace.start();

addEventListener("hashchange", () => windows?.openCode());

// Without a network

if ("serviceWorker" in navigator) {
  await navigator.serviceWorker.register(new URL("offline.js", document.baseURI));
  const { active } = await navigator.serviceWorker.ready;
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const own = loaded.filter((name) => name.startsWith(location.origin));
  active?.postMessage([location.pathname, "engram.image", ...own]);
}

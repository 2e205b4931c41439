/**
 * The workspace: which image is open in this tab, and what the page does with
 * it: opening, saving, stopping, closing, and starting again after a failure.
 *
 * Two workers: one serves the list of images; the other runs the image and goes
 * with it. So whatever an image does, the page, its buttons and
 * the other images are out of its reach.
 */
import type { HostMessage } from "../vm/host.ts";
import type { EventField } from "../vm/interpreter/input-queue.ts";
import { ask, askName, dismiss, element, notify, refusalPanel } from "./dialogs.ts";
import { lastName, lastNameKey, takeBaseImage, takeClient, usualName } from "./head-start.ts";
import { askGeneration, type ImageListOwner } from "./image-list.ts";
import type {
  Generation,
  ImageSource,
  OpenAs,
  Opened,
  OpenParameters,
  Refused,
  StoredImage,
} from "./protocol.ts";
import { refusedOf } from "./protocol.ts";
import type { Size, Terminal, TerminalListener } from "./terminal.ts";
import { type ClientListener, RequestRefused, type VmClient } from "./vm-client.ts";

/** What the state line of the page can say; the style of each is in style.css. */
export type StateName = "opening" | "changed" | "saving" | "saved" | "failed" | "readOnly" | "over";

/** What shows the windows of an image. */
export interface WindowsView {
  /** Another image is open, and shows what it has. */
  begin(): void;
  posted(message: HostMessage): void;
  /** Sends to the image what it does not know yet. */
  flush(): void;
}

export interface WorkspaceView {
  readonly terminal: Terminal;
  readonly windows?: WindowsView | undefined;
  showState(state: StateName, text: string): void;
  showName(name: string): void;
  chooseFile(): void;
  showImages(): void;
}

/** How many characters the name of an image may have. */
const longestName = 100;
/** Saving waits until the user has been quiet for so long. */
const quietMilliseconds = 3000;
/** What runs in the background is saved so often. */
const intervalMilliseconds = 60_000;
/** How long a worker of before may take to go: that of a page that was reloaded, and one that hangs. */
const goneMilliseconds = { reloaded: 1500, hanging: 20_000 };
/** So many stops in so short a time tell that stopping does not help. */
const stopsInVain = 3;
const stopMilliseconds = 5000;

interface Current {
  readonly client: VmClient;
  opened: Opened;
}

export class Workspace implements ImageListOwner, TerminalListener {
  private readonly view: WorkspaceView;
  private idleClient: VmClient | undefined;
  /** The page that has this one in it, in its own words. */
  private readonly embeddedIn = new URLSearchParams(location.search).get("embedded");
  private current: Current | undefined;
  private hasChanged = false;
  private saveFailure: Refused | undefined;
  private quietTimer: ReturnType<typeof setTimeout> | undefined;
  private stops: number[] = [];

  constructor(view: WorkspaceView) {
    this.view = view;
    setInterval(() => this.autosave(), intervalMilliseconds);
  }

  get currentName(): string | undefined {
    return this.current?.opened.name;
  }

  /** Serves what concerns images that do not run. */
  private get keeper(): VmClient {
    this.idleClient ??= takeClient();
    return this.idleClient;
  }

  // Starting

  /** Opens what the address asks for, or the image of this tab, or the one used last, or a fresh one. */
  async start(): Promise<void> {
    const asked = new URLSearchParams(location.search).get("image");
    if (asked !== null && (await this.openAddress(asked))) return;
    const images = await this.images();
    const names = images.map(({ name }) => name);
    if (this.embeddedIn !== null) {
      await this.openEmbedded(this.embeddedIn, names);
      return;
    }
    const remembered = lastName();
    const name = remembered !== null && names.includes(remembered) ? remembered : names[0];
    if (name === undefined) await this.createFresh();
    else await this.open(name);
  }

  /** A page that has a workspace in it has an image of its own. */
  private async openEmbedded(page: string, names: readonly string[]): Promise<void> {
    const name = page
      .replaceAll(/[^\p{L}\p{N}. -]+/gu, " ")
      .trim()
      .slice(0, longestName);
    if (names.includes(name)) return this.open(name);
    await this.openSource(await takeBaseImage(name), { copy: name });
  }

  private async openAddress(asked: string): Promise<boolean> {
    const url = new URL(asked, document.baseURI);
    const title = decodeURIComponent(url.pathname.split("/").at(-1) ?? "").replace(/\.image$/, "");
    const wanted = new URLSearchParams(location.search).get("name") ?? title;
    const names = (await this.images()).map(({ name }) => name);
    // Reloading must come back to what is opened now and not ask again.
    const rest = new URLSearchParams(location.search);
    for (const key of ["image", "name"]) rest.delete(key);
    history.replaceState(null, "", `${location.pathname}${rest.size > 0 ? `?${rest}` : ""}`);
    if (names.includes(wanted) && (await askForStored(wanted))) {
      await this.open(wanted);
      return true;
    }
    const from = element("p", {}, `From ${url.href}. It runs as a copy, kept in this browser.`);
    const name = await askName("Open an image", freeName(wanted, names), "Open", from);
    if (name === undefined) return false;
    return this.openSource({ kind: "url", url: url.href, title }, { copy: name });
  }

  // Images

  images(): Promise<readonly StoredImage[]> {
    return this.keeper.request("list", null);
  }

  generations(name: string): Promise<readonly Generation[]> {
    return this.keeper.request("generations", { kind: "stored", name });
  }

  async open(name: string): Promise<void> {
    if (name !== this.currentName) await this.openSource({ kind: "stored", name }, "itself");
  }

  async openGeneration(name: string, generation: number): Promise<void> {
    await this.openCopy({ kind: "stored", name }, `${name} ${generation}`, generation);
  }

  openFile(): void {
    this.view.chooseFile();
  }

  async openBytes(bytes: Blob, fileName: string): Promise<void> {
    const title = fileName.replace(/\.image$/, "");
    await this.openCopy({ kind: "bytes", bytes, title }, title);
  }

  async createFresh(): Promise<void> {
    const names = (await this.images()).map(({ name }) => name);
    await this.openSource(await takeBaseImage(usualName), { copy: freeName(usualName, names) });
  }

  async rename(from: string, to: string): Promise<void> {
    if (from !== this.currentName) {
      await this.keeper.request("rename", { from, to });
      return;
    }
    await this.closeCurrent();
    try {
      await this.keeper.request("rename", { from, to });
    } catch (error) {
      await this.open(from);
      throw error;
    }
    await this.open(to);
  }

  async remove(name: string): Promise<void> {
    await this.keeper.request("remove", name);
  }

  async download(name: string): Promise<void> {
    const isCurrent = name === this.currentName;
    const bytes = isCurrent
      ? await this.current!.client.request("export", null)
      : await this.keeper.request("export", name);
    const url = URL.createObjectURL(bytes);
    element("a", { href: url, download: `${name}.image` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  // Opening

  private async openCopy(source: ImageSource, name: string, generation?: number): Promise<void> {
    const names = (await this.images()).map((image) => image.name);
    const copy = await askName("Open a copy", freeName(name, names), "Open");
    if (copy !== undefined) await this.openSource(source, { copy }, generation);
  }

  /** Opens an image in place of the one that is open, which stays if the other is refused. Answers whether it is open. */
  private async openSource(
    source: ImageSource,
    as: OpenAs,
    generation?: number,
    lockWait: number = goneMilliseconds.reloaded,
  ): Promise<boolean> {
    const { view } = this;
    view.showState("opening", "Opening…");
    const { size } = view.terminal;
    const parameters: OpenParameters = {
      source,
      as,
      ...size,
      ...(generation === undefined ? {} : { generation }),
    };
    try {
      const { client, opened } = await openPatiently(parameters, lockWait, () => this.newClient());
      await this.replaceCurrent(client, opened, size);
      return true;
    } catch (error) {
      if (this.current !== undefined) this.showSaved();
      else view.showState("over", "Nothing is open");
      await this.explainRefusal(source, as, refusalIn(error));
      return false;
    }
  }

  /** A worker to run an image. The first one has said which images there are, and goes on from there. */
  private newClient(): VmClient {
    const client = this.keeper;
    this.idleClient = undefined;
    client.listener = this.listenerTo(client);
    return client;
  }

  private listenerTo(client: VmClient): ClientListener {
    const isCurrent = () => client === this.current?.client;
    const whenCurrent =
      <Arguments extends unknown[]>(act: (...given: Arguments) => void) =>
      (...given: Arguments) => {
        if (isCurrent()) act(...given);
      };
    return {
      output: (bytes: Uint8Array, taken: () => void) => {
        if (isCurrent()) this.view.terminal.write(bytes, taken);
        else taken();
      },
      changed: whenCurrent(() => {
        this.hasChanged = true;
      }),
      posted: whenCurrent((message: HostMessage) => this.view.windows?.posted(message)),
      flush: whenCurrent(() => this.view.windows?.flush()),
      saving: whenCurrent(() => this.view.showState("saving", "Saving…")),
      saved: whenCurrent((number: number) => this.noteSaved(number)),
      saveFailed: whenCurrent((refused: Refused) => this.noteSaveFailed(refused)),
      ended: whenCurrent((exitCode: number) => void this.noteEnded(exitCode)),
      failed: whenCurrent((refused: Refused) => void this.noteFailed(refused)),
      silent: whenCurrent((isSilent: boolean) => this.noteSilence(isSilent)),
    };
  }

  private async replaceCurrent(client: VmClient, opened: Opened, size: Size): Promise<void> {
    const { view } = this;
    const previous = this.current;
    this.current = { client, opened };
    this.hasChanged = false;
    this.saveFailure = undefined;
    for (const id of ["save", "silent", "warnings", "stop"]) dismiss(id);
    client.startWatching();
    view.terminal.begin(size);
    view.windows?.begin();
    view.showName(opened.name);
    this.showSaved();
    sessionStorage.setItem(lastNameKey, opened.name);
    if (this.embeddedIn === null) localStorage.setItem(lastNameKey, opened.name);
    for (const { message } of opened.warnings) {
      const text = `A newer generation is damaged: ${message}. This is generation ${opened.generation}.`;
      notify("warnings", "warning", text);
    }
    view.terminal.focus();
    if (previous !== undefined) await closeClient(previous);
  }

  private async closeCurrent(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    if (current !== undefined) await closeClient(current);
  }

  private async explainRefusal(source: ImageSource, as: OpenAs, refused: Refused): Promise<void> {
    const name = source.kind === "stored" ? source.name : source.title;
    if (refused.code === "EIMG_LOCKED") await this.explainLock(name);
    else if (refused.code === "EIMG_EXISTS") await this.openCopy(source, name);
    else await this.explainBadImage(source, as, name, refused);
  }

  private async explainLock(name: string): Promise<void> {
    const chosen = await ask({
      title: `${name} is open in another tab`,
      body: [element("p", {}, "Only one tab can save to an image.")],
      choices: [
        { label: "Try again", value: "again", look: "primary" },
        { label: "Open read-only", value: "readOnly" },
        { label: "Open a copy", value: "copy" },
        { label: "Other images", value: "others" },
      ],
    });
    const source = { kind: "stored", name } as const;
    if (chosen === "again") await this.open(name);
    else if (chosen === "readOnly") await this.openSource(source, "readOnly");
    else if (chosen === "copy") await this.openCopy(source, `${name} copy`);
    else this.view.showImages();
  }

  private async explainBadImage(
    source: ImageSource,
    as: OpenAs,
    name: string,
    refused: Refused,
  ): Promise<void> {
    const title = `${name} cannot be opened`;
    const generations = await this.keeper.request("generations", source).catch(() => []);
    const others = generations.length > 1 ? generations : [];
    const panel = [refusalPanel(refused)];
    if (others.some(({ defect }) => defect === undefined)) {
      const number = await askGeneration(title, others, panel, "Other images");
      if (number === undefined) this.view.showImages();
      else await this.openCopy(source, `${name} ${number}`, number);
      return;
    }
    const chosen = await ask({
      title,
      body: panel,
      choices: [
        { label: "Other images", value: "others", look: "primary" },
        { label: "Open a file…", value: "file" },
        { label: "New image", value: "fresh" },
      ],
      ...(this.current === undefined && as === "itself" ? {} : { cancel: "Close" }),
    });
    if (chosen === "others") this.view.showImages();
    else if (chosen === "file") this.openFile();
    else if (chosen === "fresh") await this.createFresh();
  }

  // What the user does

  keys(bytes: Uint8Array): void {
    this.current?.client.input(bytes);
    this.noteChange();
  }

  /** Something the user did in a window, or what keeps the windows going. */
  windowEvent(event: readonly EventField[], isChange: boolean): void {
    this.current?.client.event(["display", ...event]);
    if (isChange) this.noteChange();
  }

  sizeWanted({ columns, rows }: Size): boolean {
    this.current?.client.resize(columns, rows);
    return this.current !== undefined;
  }

  /** Stops what runs; offers to begin again when that does not help. */
  stop(): void {
    const { current } = this;
    if (current === undefined) return;
    current.client.interrupt();
    this.noteChange();
    const now = performance.now();
    this.stops = [...this.stops.filter((time) => now - time < stopMilliseconds), now];
    if (this.stops.length < stopsInVain) return;
    this.stops = [];
    notify("stop", "warning", "Does stopping not help?", this.restartAction());
  }

  /** Saves because the user wants it. */
  async save(): Promise<void> {
    const { current } = this;
    if (current === undefined) return;
    void navigator.storage.persist();
    if (current.opened.isReadOnly) return this.saveCopy();
    // A refusal has been shown when it is known here.
    await current.client.request("save", "full").catch(() => {});
  }

  private async saveCopy(): Promise<void> {
    const { current } = this;
    if (current === undefined) return;
    const names = (await this.images()).map(({ name }) => name);
    const suggestion = freeName(`${current.opened.name} copy`, names);
    const name = await askName("Save as", suggestion, "Save");
    if (name === undefined) return;
    try {
      current.opened = await current.client.request("saveAs", name);
      this.view.showName(current.opened.name);
      sessionStorage.setItem(lastNameKey, name);
      this.noteSaved(current.opened.generation);
    } catch (error) {
      this.noteSaveFailed(refusalIn(error));
    }
  }

  async downloadCurrent(): Promise<void> {
    if (this.current === undefined) return;
    try {
      await this.download(this.current.opened.name);
    } catch (error) {
      const body = [refusalPanel(refusalIn(error))];
      await ask({ title: "It could not be downloaded", body, choices: [], cancel: "Close" });
    }
  }

  get screenReader(): boolean {
    return this.view.terminal.screenReader;
  }

  set screenReader(isOn: boolean) {
    this.view.terminal.screenReader = isOn;
    localStorage.setItem("engram.screenReader", String(isOn));
  }

  // Saving without being asked

  /** Saves if something is known to have changed since the last save. */
  autosave(): void {
    if (this.hasChanged) this.saveQuickly();
  }

  /** Saves, for the user may not come back. */
  saveQuickly(): void {
    const { current } = this;
    clearTimeout(this.quietTimer);
    if (current === undefined || current.opened.isReadOnly) return;
    void current.client.request("save", "delta").catch(() => {});
  }

  /** The page goes away: not before all is saved. */
  leave(): void {
    const { current } = this;
    if (current === undefined || current.opened.isReadOnly) return;
    this.saveQuickly();
    current.client.awaitAnswersAtOnce();
  }

  /** Whether work would be lost if the page went away. */
  get isLosing(): boolean {
    return this.saveFailure !== undefined && this.hasChanged;
  }

  private noteChange(): void {
    this.hasChanged = true;
    const { current } = this;
    if (current === undefined || current.opened.isReadOnly) return;
    clearTimeout(this.quietTimer);
    this.quietTimer = setTimeout(() => this.autosave(), quietMilliseconds);
    if (this.saveFailure === undefined) this.view.showState("changed", "Not saved yet");
  }

  // What the worker tells

  private noteSaved(generation: number): void {
    const { current } = this;
    if (current === undefined) return;
    current.opened = { ...current.opened, generation, created: new Date().toISOString() };
    this.hasChanged = false;
    this.saveFailure = undefined;
    dismiss("save");
    this.showSaved();
    window.dispatchEvent(new CustomEvent("engram-saved", { detail: generation }));
  }

  private showSaved(): void {
    const opened = this.current?.opened;
    if (opened === undefined) return;
    const { created, generation } = opened;
    const time = created === "" ? "" : ` ${new Date(created).toLocaleTimeString()}`;
    if (opened.isReadOnly) this.view.showState("readOnly", "Read-only");
    else if (this.saveFailure !== undefined) this.view.showState("failed", "Not saved!");
    else this.view.showState("saved", `Saved${time} · generation ${generation}`);
  }

  private noteSaveFailed(refused: Refused): void {
    this.saveFailure = refused;
    this.hasChanged = true;
    this.view.showState("failed", "Not saved!");
    const text = `The last save failed: ${refused.message}. ${refused.advice}`;
    notify("save", "failure", text, {
      "Save again": () => void this.save(),
      "Save as…": () => void this.saveCopy(),
      Download: () => void this.downloadCurrent(),
    });
  }

  private async noteEnded(exitCode: number): Promise<void> {
    this.view.showState("over", "Session ended");
    const text =
      exitCode === 0 ? "The session has ended." : `The session has ended with ${exitCode}.`;
    const chosen = await ask({
      title: "Goodbye",
      body: [element("p", {}, text)],
      choices: [
        { label: "Begin again", value: "again", look: "primary" },
        { label: "Other images", value: "others" },
      ],
    });
    if (chosen === "again") await this.restart();
    else this.view.showImages();
  }

  private async noteFailed(refused: Refused): Promise<void> {
    this.view.showState("over", "Stopped by a failure");
    const chosen = await ask({
      title: "The machine stopped",
      body: [
        refusalPanel(refused),
        element("p", {}, `The image can be opened again as it was: ${this.lastSaveText()}.`),
      ],
      choices: [
        { label: "Open the last save", value: "again", look: "primary" },
        { label: "Other images", value: "others" },
      ],
    });
    if (chosen === "again") await this.restart();
    else this.view.showImages();
  }

  private noteSilence(isSilent: boolean): void {
    dismiss("silent");
    if (!isSilent) return;
    const text = `The image does not answer. It can be opened again as it was: ${this.lastSaveText()}.`;
    notify("silent", "failure", text, this.restartAction());
  }

  private lastSaveText(): string {
    const { generation = 0, created = "" } = this.current?.opened ?? {};
    const time = created === "" ? "" : `, saved ${new Date(created).toLocaleString()}`;
    return `generation ${generation}${time}`;
  }

  private restartAction(): Record<string, () => void> {
    return { "Open the last save": () => void this.restart() };
  }

  /** Ends the worker, whatever it does, and opens the image as it was last saved. */
  private async restart(): Promise<void> {
    const { current } = this;
    if (current === undefined) return;
    current.client.terminate();
    this.current = undefined;
    const { name, isReadOnly } = current.opened;
    const as = isReadOnly ? "readOnly" : "itself";
    await this.openSource({ kind: "stored", name }, as, undefined, goneMilliseconds.hanging);
  }
}

/** Opens an image in a worker of its own. Waits for a lock that a worker on its way out may still have. */
async function openPatiently(
  parameters: OpenParameters,
  lockWait: number,
  newClient: () => VmClient,
): Promise<{ client: VmClient; opened: Opened }> {
  const giveUp = performance.now() + lockWait;
  for (;;) {
    const client = newClient();
    try {
      return { client, opened: await client.request("open", parameters) };
    } catch (error) {
      client.terminate();
      if (refusalIn(error).code !== "EIMG_LOCKED" || performance.now() > giveUp) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Saves and closes an image; one that does not answer is ended all the same. */
async function closeClient({ client, opened }: Current): Promise<void> {
  const patience = new Promise((resolve) => setTimeout(resolve, 10_000));
  try {
    await Promise.race([client.request("close", null), patience]);
  } catch (error) {
    const { message } = refusalIn(error);
    notify("closed", "failure", `${opened.name} could not be saved: ${message}.`);
  }
  client.terminate();
}

/** Asks what to do about an image to be fetched when there is one of its name here. */
async function askForStored(name: string): Promise<boolean> {
  const chosen = await ask({
    title: `${name} is in this browser already`,
    choices: [
      { label: "Open it as it is here", value: true, look: "primary" },
      { label: "Fetch another copy", value: false },
    ],
  });
  return chosen === true;
}

function refusalIn(error: unknown): Refused {
  return error instanceof RequestRefused ? error.refused : refusedOf(error);
}

/** The name, or the first one with a number behind it that is not taken. */
function freeName(name: string, taken: readonly string[]): string {
  const wanted = name === "" ? usualName : name;
  if (!taken.includes(wanted)) return wanted;
  for (let number = 2; ; number++) {
    if (!taken.includes(`${wanted} ${number}`)) return `${wanted} ${number}`;
  }
}

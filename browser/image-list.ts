/**
 * The list of images in this browser: sizes, dates, what can be done with each,
 * and how much room there is.
 */
import { ask, askName, element, refusalPanel } from "./dialogs.ts";
import type { Generation, StoredImage } from "./protocol.ts";
import { RequestRefused } from "./vm-client.ts";

/** What the list asks of the workspace. */
export interface ImageListOwner {
  readonly currentName: string | undefined;
  images(): Promise<readonly StoredImage[]>;
  generations(name: string): Promise<readonly Generation[]>;
  open(name: string): Promise<void>;
  openGeneration(name: string, generation: number): Promise<void>;
  openFile(): void;
  createFresh(): Promise<void>;
  rename(name: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  download(name: string): Promise<void>;
  screenReader: boolean;
}

const unit = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function sizeText(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB"];
  let value = bytes;
  let index = 0;
  while (value >= 1000 && index < units.length - 1) {
    value /= 1000;
    index++;
  }
  return `${unit.format(value)} ${units[index]}`;
}

export class ImageList {
  private readonly owner: ImageListOwner;
  private readonly dialog: HTMLDialogElement;
  private readonly body = element("tbody");
  private readonly problem = element("div", { role: "alert" });
  private readonly storage = element("p", { className: "storage" });

  constructor(owner: ImageListOwner) {
    this.owner = owner;
    const heading = element("h2", { id: "images-title" }, "Images in this browser");
    const head = element(
      "thead",
      {},
      element(
        "tr",
        {},
        ...["Name", "Size", "Saved"].map((text) => element("th", { scope: "col" }, text)),
        element("th", { scope: "col" }, element("span", { className: "hidden" }, "Actions")),
      ),
    );
    const close = () => this.dialog.close();
    this.dialog = element(
      "dialog",
      { className: "images" },
      heading,
      this.problem,
      element("div", { className: "table" }, element("table", {}, head, this.body)),
      this.storage,
      this.screenReaderSwitch(),
      element(
        "div",
        { className: "choices" },
        this.button("New image", () => this.leaving(() => owner.createFresh()), "primary"),
        this.button("Open file…", () => this.leaving(async () => owner.openFile())),
        this.button("Close", close),
      ),
    );
    this.dialog.setAttribute("aria-labelledby", heading.id);
    document.body.append(this.dialog);
  }

  async show(): Promise<void> {
    this.problem.replaceChildren();
    if (!this.dialog.open) this.dialog.showModal();
    await this.refresh();
  }

  private async refresh(): Promise<void> {
    const images = await this.owner.images();
    this.body.replaceChildren(...images.map((image) => this.row(image)));
    if (images.length === 0) {
      this.body.append(element("tr", {}, element("td", { colSpan: 4 }, "None yet.")));
    }
    await this.showStorage();
  }

  private row(image: StoredImage): HTMLElement {
    const { owner } = this;
    const { name } = image;
    const isCurrent = name === owner.currentName;
    const open = this.button(name, () => this.leaving(() => owner.open(name)), "link");
    open.disabled = isCurrent;
    const mark = isCurrent ? "open here" : image.isOpen && "open in another tab";
    const rename = this.button("Rename", () => this.rename(name));
    const remove = this.button("Delete", () => this.remove(image));
    rename.disabled = !isCurrent && image.isOpen;
    remove.disabled = image.isOpen;
    const row = element(
      "tr",
      {},
      element("td", {}, open, mark && element("small", {}, mark)),
      element("td", {}, sizeText(image.sizeInBytes)),
      element("td", {}, date.format(image.modified)),
      element(
        "td",
        { className: "actions" },
        this.button("Generations", () => this.showGenerations(name)),
        this.button("Download", () => this.attempt(() => owner.download(name))),
        rename,
        remove,
      ),
    );
    for (const button of row.querySelectorAll<HTMLElement>(".actions button")) {
      button.setAttribute("aria-label", `${button.textContent} ${name}`);
    }
    if (isCurrent) row.ariaCurrent = "true";
    return row;
  }

  private button(label: string, act: () => void, className = ""): HTMLButtonElement {
    return element("button", { type: "button", className, onclick: act }, label);
  }

  private leaving(act: () => Promise<void>): void {
    this.dialog.close();
    void act();
  }

  private async attempt(act: () => Promise<void>): Promise<void> {
    this.problem.replaceChildren();
    try {
      await act();
    } catch (error) {
      if (error instanceof RequestRefused) this.problem.append(refusalPanel(error.refused));
      else this.problem.append(String(error));
    }
    await this.refresh();
  }

  private async rename(name: string): Promise<void> {
    const to = await askName(`Rename ${name}`, name, "Rename");
    if (to !== undefined && to !== name) await this.attempt(() => this.owner.rename(name, to));
  }

  private async remove({ name, sizeInBytes, modified }: StoredImage): Promise<void> {
    const body = [
      element(
        "p",
        {},
        `${sizeText(sizeInBytes)}, saved ${date.format(modified)}. It cannot be brought back.`,
      ),
    ];
    const choices = [{ label: "Delete", value: true, look: "danger" }] as const;
    const isWanted = await ask({ title: `Delete ${name}?`, body, choices, cancel: "Keep it" });
    if (isWanted) await this.attempt(() => this.owner.remove(name));
  }

  private async showGenerations(name: string): Promise<void> {
    await this.attempt(async () => {
      const generations = await this.owner.generations(name);
      const number = await askGeneration(`Generations of ${name}`, generations);
      if (number === undefined) return;
      this.dialog.close();
      await this.owner.openGeneration(name, number);
    });
  }

  private async showStorage(): Promise<void> {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    const isKept = await navigator.storage.persisted();
    const use = `${sizeText(usage)} of ${sizeText(quota)} used.`;
    if (isKept) {
      this.storage.replaceChildren(`${use} The browser keeps it until you delete it.`);
      return;
    }
    const keep = this.button(
      "Ask to keep it",
      async () => {
        const isGranted = await navigator.storage.persist();
        await this.showStorage();
        if (!isGranted) this.storage.append(" It does not agree; download what matters.");
      },
      "link",
    );
    this.storage.replaceChildren(
      `${use} The browser may delete it when the disk runs full. `,
      keep,
    );
  }

  private screenReaderSwitch(): HTMLElement {
    const { owner } = this;
    const box = element("input", { type: "checkbox", checked: owner.screenReader });
    box.onchange = () => {
      owner.screenReader = box.checked;
    };
    return element("label", { className: "switch" }, box, "Terminal for screen readers");
  }
}

/** Asks which generation is to be opened as a copy. */
export function askGeneration(
  title: string,
  generations: readonly Generation[],
  body: readonly Node[] = [],
  cancel = "Close",
): Promise<number | undefined> {
  const list = element(
    "ul",
    { className: "generations" },
    ...generations.map(({ number, created, sizeInBytes, defect }) =>
      element(
        "li",
        {},
        element("strong", {}, `Generation ${number}`),
        ` ${created === "" ? "" : `saved ${date.format(new Date(created))}, `}${sizeText(sizeInBytes)}`,
        defect && element("small", {}, `damaged: ${defect.code}`),
      ),
    ),
  );
  const choices = generations
    .filter(({ defect }) => defect === undefined)
    .map(({ number }) => ({ label: `Open ${number} as a copy`, value: number }));
  return ask({ title, body: [...body, list], choices, cancel });
}

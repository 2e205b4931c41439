/** Dialogs of the page: a question with its answers, a name, a refusal told in full. */
import type { Refused } from "./protocol.ts";

type Child = Node | string | false | undefined;

/** Makes an element with properties and children. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((each) => each !== undefined && each !== false));
  return made;
}

export interface Choice<T> {
  readonly label: string;
  readonly value: T;
  readonly look?: "primary" | "danger";
}

interface Question<T> {
  readonly title: string;
  readonly body?: readonly Child[];
  /** The first one is what Enter does. */
  readonly choices: readonly Choice<T>[];
  /** The label for leaving it as it is; absent where something must be chosen. */
  readonly cancel?: string;
}

/** Asks; answers the value chosen, or undefined if the user wants none. */
export function ask<T>(question: Question<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const { title, body = [], choices, cancel } = question;
    const heading = element("h2", { id: `dialog-${nextNumber++}` }, title);
    const buttons = choices.map(({ label, look = "" }, index) =>
      element("button", { className: look, value: String(index) }, label),
    );
    const row = element("div", { className: "choices" }, ...buttons);
    if (cancel !== undefined) {
      row.append(element("button", { value: "", formNoValidate: true }, cancel));
    }
    const form = element("form", { method: "dialog" }, heading, ...body, row);
    const dialog = element("dialog", {}, form);
    dialog.setAttribute("aria-labelledby", heading.id);
    dialog.addEventListener("cancel", (event) => {
      if (cancel === undefined) event.preventDefault();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      const { returnValue } = dialog;
      resolve(returnValue === "" ? undefined : choices[Number(returnValue)]!.value);
    });
    document.body.append(dialog);
    dialog.showModal();
    // What cannot be undone is not done by Enter alone.
    if (choices[0]?.look === "danger") row.querySelector<HTMLElement>("button:last-child")?.focus();
  });
}

let nextNumber = 1;

/** Asks for the name of an image; answers undefined if the user wants none. */
export async function askName(
  title: string,
  suggestion: string,
  action: string,
  ...body: Child[]
): Promise<string | undefined> {
  const input = element("input", {
    value: suggestion,
    required: true,
    maxLength: 100,
    pattern: '[^\\/\\\\:*?"<>\\|]+',
    title: 'Anything but / \\ : * ? " < > |',
    autocomplete: "off",
    spellcheck: false,
  });
  const label = element("label", {}, "Name", input);
  const choices = [{ label: action, value: true, look: "primary" }] as const;
  const asked = ask({ title, body: [...body, label], choices, cancel: "Cancel" });
  input.select();
  return (await asked) === undefined ? undefined : input.value.trim();
}

/** What was refused and why, with everything known of it. */
export function refusalPanel(refused: Refused): HTMLElement {
  const { code, message, place, expected, found, advice, causes } = refused;
  const rows: [string, string][] = [];
  if (code !== "ERROR") rows.push(["Code", code]);
  for (const [key, value] of place) rows.push([placeNames[key] ?? key, value]);
  if (expected !== undefined) rows.push(["Expected", expected]);
  if (found !== undefined) rows.push(["Found", found]);
  return element(
    "div",
    { className: "refusal" },
    element("p", {}, `${meaning(message)}.`),
    rows.length > 0 &&
      element(
        "dl",
        {},
        ...rows.flatMap(([key, value]) => [element("dt", {}, key), element("dd", {}, value)]),
      ),
    advice !== "" && element("p", { className: "advice" }, advice),
    ...causes.map((cause) =>
      element("details", {}, element("summary", {}, cause.code), refusalPanel(cause)),
    ),
  );
}

const placeNames: Readonly<Record<string, string>> = {
  file: "File",
  offset: "At byte",
  generation: "Generation",
  chunk: "Chunk",
  key: "Key",
};

/** The message without what the panel tells in rows, as a sentence. */
function meaning(message: string): string {
  const [text] = message.split(/ at |: | \(EIMG_/);
  const sentence = /\(EIMG_/.test(message) ? text! : message.replace(/\.$/, "");
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

const notices = document.querySelector<HTMLElement>("#notices")!;

/** Something to be known while working on; there is one with an id at a time. */
export function notify(
  id: string,
  look: "information" | "warning" | "failure",
  text: string,
  actions: Readonly<Record<string, () => void>> = {},
): void {
  dismiss(id);
  const buttons = Object.entries(actions).map(([label, act]) =>
    element(
      "button",
      {
        type: "button",
        onclick: () => {
          dismiss(id);
          act();
        },
      },
      label,
    ),
  );
  const close = element("button", {
    type: "button",
    className: "close",
    title: "Close",
    ariaLabel: "Close",
    textContent: "×",
    onclick: () => dismiss(id),
  });
  const notice = element(
    "div",
    { className: `notice ${look}` },
    element("p", {}, text),
    ...buttons,
    close,
  );
  notice.dataset.id = id;
  notice.role = look === "failure" ? "alert" : "status";
  notices.append(notice);
}

export function dismiss(id: string): void {
  for (const each of [...notices.children]) {
    if ((each as HTMLElement).dataset.id === id) each.remove();
  }
}

/**
 * A text that is edited. The user types into CodeMirror's copy; what changed is
 * gathered and sent as changes of the text the image knows, with the version
 * that text had: when the image has replaced it meanwhile, it ignores them.
 *
 * The image counts characters, the page UTF-16 units; they differ in texts
 * with characters beyond the first plane.
 */
import {
  acceptCompletion,
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from "@codemirror/autocomplete";
import {
  defaultKeymap,
  history,
  historyKeymap,
  indentWithTab,
  selectParentSyntax,
  undoSelection,
} from "@codemirror/commands";
import {
  bracketMatching,
  codeFolding,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
} from "@codemirror/language";
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import {
  type ChangeSet,
  Compartment,
  EditorSelection,
  EditorState,
  type Extension,
  StateEffect,
  StateField,
  type Text,
  Transaction,
} from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  GutterMarker,
  gutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
  type ViewUpdate,
} from "@codemirror/view";
import { blinkingCaret } from "./caret.ts";
import { type LookedRange, rangesField, setRanges } from "./editor-ranges.ts";
import { icon } from "./icons.ts";
import type { Plain } from "./patches.ts";
import type { Projector } from "./projector.ts";
import { smalltalk } from "./smalltalk.ts";
import { make, ViewNode } from "./view-node.ts";

/** Marks a change that came from the image. */
const fromImage = Transaction.remote;

type Mark = readonly [from: number, to: number, severity: string, message: string];
type Choice = string | readonly [string, string, string];

const setHighlight = StateEffect.define<readonly [number, number] | null>();

const highlightField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, transaction) {
    let now = value.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setHighlight)) continue;
      const range = effect.value;
      now =
        range === null || range[0] === range[1]
          ? Decoration.none
          : Decoration.set([Decoration.mark({ class: "cm-at-work" }).range(...range)]);
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

class IconMarker extends GutterMarker {
  private readonly name: string;
  private readonly help: string;

  constructor(name: string, help: string) {
    super();
    this.name = name;
    this.help = help;
  }

  override toDOM(): Node {
    const element = make("span", "gutter-mark", icon(this.name));
    element.title = this.help;
    return element;
  }
}

export class EditorNode extends ViewNode {
  /** There once the first attributes are. */
  private editor!: EditorView;
  private readonly options = new Map<string, Compartment>();
  /** Options and text that have been taken and are not in the editor yet. */
  private readonly newOptions = new Map<string, Extension>();
  private newText: string | undefined;
  /** Whether that is another text, not an edit of what is shown: nothing leads back. */
  private isNewText = false;
  private version = -1;
  /** Changes that the image does not know yet. */
  private unsent: ChangeSet | undefined;
  private unsentFrom: Text | undefined;
  private selectionSent = "";
  private scrollSent = 0;
  private scroll = 0;
  /** Selection, marks and highlight of the image, applied once the text is there. */
  private wantedSelection: readonly number[] | undefined;
  private marks: readonly Mark[] = [];
  private gutterMarks: readonly (readonly [number, string, string])[] = [];
  private completes = false;
  private questions = 0;
  private readonly answers = new Map<number, (answer: Plain) => void>();

  constructor(projector: Projector, id: number) {
    super(projector, id, make("div", "editor"));
    this.element.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.send("menu", event.clientX, event.clientY);
    });
  }

  /** Changes the editor once, whatever is new: each change lays it out. */
  override setAll(attributes: readonly Plain[]): void {
    super.setAll(attributes);
    if (this.editor === undefined) this.begin();
    else this.dispatchNew();
    this.newOptions.clear();
    this.newText = undefined;
    this.isNewText = false;
  }

  private begin(): void {
    this.editor = new EditorView({
      parent: this.element,
      state: EditorState.create({ doc: this.newText ?? "", extensions: this.extensions() }),
    });
    const { scrollDOM } = this.editor;
    scrollDOM.addEventListener(
      "scroll",
      () => {
        this.scroll = Math.round(scrollDOM.scrollTop);
        this.projector.wantFlush(this);
      },
      { passive: true },
    );
  }

  private dispatchNew(): void {
    const { editor, newText } = this;
    const effects = [...this.newOptions].map(([name, extension]) =>
      this.options.get(name)!.reconfigure(extension),
    );
    const changes =
      newText === undefined ? undefined : difference(editor.state.doc.toString(), newText);
    const pastOption = this.options.get("history")!;
    if (this.isNewText) effects.push(pastOption.reconfigure([]));
    if (changes !== undefined) {
      editor.dispatch({ changes, effects, annotations: fromImage.of(true) });
    } else if (effects.length > 0) editor.dispatch({ effects });
    if (this.isNewText) editor.dispatch({ effects: pastOption.reconfigure(history()) });
  }

  private extensions(): Extension[] {
    const option = (name: string, initial: Extension = []): Extension => {
      const compartment = new Compartment();
      this.options.set(name, compartment);
      return compartment.of(this.newOptions.get(name) ?? initial);
    };
    return [
      option("gutter"),
      option("lineNumbers"),
      highlightSpecialChars(),
      option("history", history()),
      blinkingCaret,
      EditorState.allowMultipleSelections.of(false),
      indentUnit.of("\t"),
      EditorState.tabSize.of(4),
      indentOnInput(),
      bracketMatching(),
      codeFolding(),
      highlightSelectionMatches(),
      search({ top: true }),
      highlightField,
      rangesField,
      option("language"),
      autocompletion({
        override: [(context) => this.complete(context)],
        activateOnTypingDelay: 150,
        icons: false,
      }),
      keymap.of([
        { key: "Tab", run: acceptCompletion },
        { key: "Shift-Alt-ArrowRight", run: selectParentSyntax },
        { key: "Shift-Alt-ArrowLeft", run: undoSelection },
        ...completionKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...foldKeymap,
        ...defaultKeymap,
        indentWithTab,
      ]),
      option("readOnly"),
      option("wrap", EditorView.lineWrapping),
      option("placeholder"),
      option("name"),
      EditorView.contentAttributes.of({ tabindex: "0" }),
      EditorView.updateListener.of((update) => this.updated(update)),
    ];
  }

  override get focusElement(): HTMLElement {
    return this.editor.contentDOM;
  }

  override focus(): void {
    this.editor.focus();
  }

  override dispose(): void {
    this.editor.destroy();
    super.dispose();
  }

  override set(name: string, value: Plain): void {
    switch (name) {
      case "text":
        this.takeText(value as unknown as [number, string, number]);
        return;
      case "selection":
        this.wantedSelection = value as number[];
        queueMicrotask(() => this.showSelection());
        return;
      case "mode":
        this.setMode(String(value));
        return;
      case "marks":
        this.marks = (value as unknown as Mark[] | null) ?? [];
        queueMicrotask(() => this.showMarks());
        return;
      case "highlight":
        queueMicrotask(() => this.showHighlight(value as [number, number] | null));
        return;
      case "ranges":
        queueMicrotask(() => this.showRanges((value as unknown as LookedRange[] | null) ?? []));
        return;
      case "gutter":
        this.gutterMarks = (value as unknown as [number, string, string][] | null) ?? [];
        this.newOptions.set("gutter", value === null ? [] : this.iconGutter());
        return;
      case "scroll":
        this.scroll = Number(value);
        this.scrollSent = this.scroll;
        return;
      case "readOnly":
        this.newOptions.set("readOnly", value === true ? EditorState.readOnly.of(true) : []);
        return;
      case "wrap":
        this.newOptions.set("wrap", value === false ? [] : EditorView.lineWrapping);
        return;
      case "lineNumbers":
        this.newOptions.set("lineNumbers", value === true ? [lineNumbers(), foldGutter()] : []);
        return;
      case "placeholder":
        this.newOptions.set("placeholder", value === null ? [] : placeholder(String(value)));
        return;
      case "name":
        this.newOptions.set(
          "name",
          EditorView.contentAttributes.of({ "aria-label": String(value ?? "") }),
        );
        return;
      case "completes":
        this.completes = value === true;
        return;
      case "edited":
        this.element.classList.toggle("edited", value === true);
        return;
      default:
        super.set(name, value);
    }
  }

  override order(name: string, given: readonly Plain[]): void {
    if (name === "reveal") {
      queueMicrotask(() =>
        this.editor.dispatch({
          effects: EditorView.scrollIntoView(this.editor.state.selection.main),
        }),
      );
    } else if (name === "revealHighlight") {
      queueMicrotask(() => this.revealHighlight());
    } else if (name === "completions") {
      this.answers.get(Number(given[0]))?.(given[1] ?? null);
    } else super.order(name, given);
  }

  // Text

  private takeText([version, text, begun]: [number, string, number]): void {
    if (version === this.version) return;
    if (begun > this.version) this.isNewText = true;
    this.version = version;
    this.unsent = undefined;
    this.newText = text;
  }

  private updated(update: ViewUpdate): void {
    const isRemote = update.transactions.some((each) => each.annotation(fromImage));
    if (update.docChanged && !isRemote) {
      this.unsentFrom ??= update.startState.doc;
      this.unsent = this.unsent?.compose(update.changes) ?? update.changes;
      this.forgetMarks();
    }
    if (update.docChanged || update.selectionSet) this.projector.wantFlush(this);
  }

  private forgetMarks(): void {
    if (this.marks.length === 0) return;
    this.marks = [];
    queueMicrotask(() => this.showMarks());
  }

  override flush(): void {
    this.flushText();
    this.flushSelection();
    if (this.scroll === this.scrollSent) return;
    this.scrollSent = this.scroll;
    this.projector.sendNow(this, "scroll", this.scroll);
  }

  private flushText(): void {
    const { unsent, unsentFrom } = this;
    if (unsent === undefined || unsentFrom === undefined) return;
    this.unsent = undefined;
    this.unsentFrom = undefined;
    const toImage = counter(unsentFrom);
    const changes: Plain[] = [];
    unsent.iterChanges((from, to, _from, _to, inserted) => {
      changes.push([toImage(from), toImage(to), inserted.toString()]);
    });
    this.projector.sendNow(this, "edit", this.version, changes);
    // The image forgets with the edit what it had marked before, which may have come here after it.
    this.forgetMarks();
  }

  private flushSelection(): void {
    const { doc, selection } = this.editor.state;
    const toImage = counter(doc);
    const { anchor, head } = selection.main;
    const ends = [toImage(anchor), toImage(head)] as const;
    const sent = ends.join(" ");
    if (sent === this.selectionSent) return;
    this.selectionSent = sent;
    this.projector.sendNow(this, "selection", this.version, ...ends);
  }

  private showSelection(): void {
    const { wantedSelection } = this;
    if (wantedSelection === undefined) return;
    this.wantedSelection = undefined;
    const [anchor, head] = wantedSelection.map((each) => this.toPage(each)) as [number, number];
    this.selectionSent = wantedSelection.join(" ");
    this.editor.dispatch({
      selection: EditorSelection.single(anchor, head),
      annotations: fromImage.of(true),
    });
  }

  override restoreScroll(): void {
    this.scrollBack(this.scroll, 4);
  }

  /** Lines that have never been laid out are taken to be short: there may be more room once those in sight are. */
  private scrollBack(wanted: number, tries: number): void {
    const { scrollDOM } = this.editor;
    this.editor.requestMeasure({
      read: () => {},
      write: () => {
        scrollDOM.scrollTop = wanted;
        if (tries > 1 && scrollDOM.scrollTop < wanted - 1) this.scrollBack(wanted, tries - 1);
      },
    });
  }

  /** An offset of the image in the page's text. */
  private toPage(offset: number): number {
    const { doc } = this.editor.state;
    const text = doc.toString();
    if (!hasSurrogates(text)) return Math.min(offset, doc.length);
    let at = 0;
    for (let count = 0; count < offset && at < text.length; count++) {
      at += text.codePointAt(at)! > 0xffff ? 2 : 1;
    }
    return at;
  }

  // What is shown in the text

  private setMode(mode: string): void {
    this.newOptions.set("language", mode === "plain" ? [] : smalltalk(mode));
    this.element.classList.toggle("code", mode !== "plain");
  }

  private showMarks(): void {
    const diagnostics: Diagnostic[] = this.marks.map(([from, to, severity, message]) => ({
      from: this.toPage(from),
      to: this.toPage(Math.max(to, from)),
      severity: severity as Diagnostic["severity"],
      message,
    }));
    this.editor.dispatch(setDiagnostics(this.editor.state, diagnostics));
    this.element.classList.toggle("marked", diagnostics.length > 0);
    this.element.querySelector(":scope > .editor-message")?.remove();
    const [first] = this.marks;
    if (first === undefined) return;
    const message = make("div", "editor-message", icon("error"), make("span", "", first[3]));
    message.setAttribute("role", "alert");
    message.dataset.severity = first[2];
    this.element.append(message);
  }

  private showHighlight(range: readonly [number, number] | null): void {
    const ends = range === null ? null : ([this.toPage(range[0]), this.toPage(range[1])] as const);
    this.editor.dispatch({ effects: setHighlight.of(ends) });
  }

  private showRanges(ranges: readonly LookedRange[]): void {
    const onPage = ranges.map(
      ([from, to, look]) => [this.toPage(from), this.toPage(to), look] as const,
    );
    this.editor.dispatch({ effects: setRanges.of(onPage) });
  }

  private revealHighlight(): void {
    const place = this.editor.state.field(highlightField).iter();
    if (place.value === null) return;
    this.editor.dispatch({
      effects: EditorView.scrollIntoView(EditorSelection.range(place.from, place.to), {
        y: "center",
      }),
    });
  }

  private iconGutter(): Extension {
    return gutter({
      class: "cm-icon-gutter",
      initialSpacer: () => new IconMarker("breakpoint", ""),
      lineMarker: (view, line) => {
        const number = view.state.doc.lineAt(line.from).number;
        const mark = this.gutterMarks.find(([at]) => at === number);
        return mark === undefined ? null : new IconMarker(mark[1], mark[2]);
      },
      domEventHandlers: {
        click: (view, line) => {
          this.send("gutter", view.state.doc.lineAt(line.from).number);
          return true;
        },
      },
    });
  }

  // Completion

  private async complete(context: CompletionContext): Promise<CompletionResult | null> {
    if (!this.completes) return null;
    const word = context.matchBefore(/[\p{L}\p{N}_:]+/u);
    if (!context.explicit && (word === null || word.to - word.from < 2)) return null;
    this.projector.flush();
    const question = ++this.questions;
    const answer = await new Promise<Plain>((resolve) => {
      this.answers.clear();
      this.answers.set(question, resolve);
      context.addEventListener("abort", () => resolve(null));
      const toImage = counter(context.state.doc);
      this.projector.sendNow(this, "complete", question, toImage(context.pos));
    });
    if (answer === null || context.aborted) return null;
    const [replaced, choices] = answer as unknown as [number, Choice[]];
    if (choices.length === 0) return null;
    return {
      from: context.pos - replaced,
      options: choices.map((choice) =>
        typeof choice === "string"
          ? { label: choice }
          : { label: choice[0], detail: choice[1], type: choice[2] },
      ),
      validFor: /^[\p{L}\p{N}_:]*$/u,
    };
  }
}

function hasSurrogates(text: string): boolean {
  return /[\ud800-\udbff]/.test(text);
}

/** Turns offsets in a text into counts of characters. */
function counter(doc: Text): (offset: number) => number {
  const text = doc.toString();
  if (!hasSurrogates(text)) return (offset) => offset;
  return (offset) => [...text.slice(0, offset)].length;
}

/** The one change that makes a text another one; what both have at their ends stays. */
function difference(former: string, text: string) {
  if (former === text) return undefined;
  let start = 0;
  const shorter = Math.min(former.length, text.length);
  while (start < shorter && former.charCodeAt(start) === text.charCodeAt(start)) start++;
  let end = 0;
  while (
    end < shorter - start &&
    former.charCodeAt(former.length - 1 - end) === text.charCodeAt(text.length - 1 - end)
  ) {
    end++;
  }
  return { from: start, to: former.length - end, insert: text.slice(start, text.length - end) };
}

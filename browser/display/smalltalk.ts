/** Smalltalk for the editor: its structure, colors, folding and indentation. */
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import {
  continuedIndent,
  delimitedIndent,
  foldInside,
  foldNodeProp,
  HighlightStyle,
  indentNodeProp,
  LanguageSupport,
  LRLanguage,
  syntaxHighlighting,
} from "@codemirror/language";
import { keymap } from "@codemirror/view";
import { styleTags, tags } from "@lezer/highlight";
import { parser } from "./smalltalk-parser.ts";

const smalltalkParser = parser.configure({
  props: [
    styleTags({
      Comment: tags.comment,
      String: tags.string,
      Character: tags.character,
      Symbol: tags.atom,
      Number: tags.number,
      "Self Super ThisContext": tags.self,
      "Nil True False": tags.bool,
      "Pattern/...": tags.definition(tags.function(tags.name)),
      "Argument/... BlockArgument/...": tags.local(tags.variableName),
      "Variable/Identifier": tags.variableName,
      "Pragma/...": tags.meta,
      Assign: tags.definitionOperator,
      "^": tags.controlKeyword,
      "Keyword Operator Selector/Identifier": tags.function(tags.name),
      "[ ] { } ( ) #( #[": tags.bracket,
      ". ; | :": tags.punctuation,
    }),
    indentNodeProp.add({
      Block: delimitedIndent({ closing: "]", align: false }),
      DynamicArray: delimitedIndent({ closing: "}", align: false }),
      LiteralArray: delimitedIndent({ closing: ")", align: false }),
      Parenthesized: delimitedIndent({ closing: ")", align: false }),
      "Cascade KeywordSend": continuedIndent(),
    }),
    foldNodeProp.add({
      "Block DynamicArray LiteralArray ByteArray": foldInside,
      Comment: ({ from, to }) => ({ from: from + 1, to: to - 1 }),
    }),
  ],
});

const languageData = {
  commentTokens: { block: { open: '"', close: '"' } },
  closeBrackets: { brackets: ["(", "[", "{", "'", '"'] },
};

const script = LRLanguage.define({
  name: "smalltalk-script",
  parser: smalltalkParser.configure({ top: "Script" }),
  languageData,
});

const method = LRLanguage.define({
  name: "smalltalk-method",
  parser: smalltalkParser.configure({ top: "Method" }),
  languageData,
});

const colors = HighlightStyle.define([
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.string, tags.character], color: "var(--code-string)" },
  { tag: tags.atom, color: "var(--code-symbol)" },
  { tag: tags.number, color: "var(--code-number)" },
  { tag: [tags.self, tags.bool], color: "var(--code-keyword)" },
  { tag: [tags.controlKeyword, tags.definitionOperator], color: "var(--code-keyword)" },
  { tag: tags.definition(tags.function(tags.name)), fontWeight: "650" },
  { tag: tags.function(tags.name), color: "var(--code-selector)" },
  { tag: tags.local(tags.variableName), color: "var(--code-variable)" },
  { tag: tags.meta, color: "var(--code-comment)" },
]);

/** The language, for a method or for statements. */
export function smalltalk(mode: string): LanguageSupport {
  return new LanguageSupport(mode === "method" ? method : script, [
    syntaxHighlighting(colors),
    closeBrackets(),
    keymap.of(closeBracketsKeymap),
  ]);
}

export declare const bundling: {
  readonly optimization: { readonly inlineConst: { readonly mode: "all"; readonly pass: number } };
};

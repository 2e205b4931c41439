import type { Plugin } from "vite";

export declare const bundling: {
  readonly optimization: { readonly inlineConst: { readonly mode: "all"; readonly pass: number } };
};

export declare const resolve: {
  readonly alias: { find: RegExp; replacement: string }[];
};

export declare const leaner: () => Plugin[];

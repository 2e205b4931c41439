/** Written by `npm run generate` from smalltalk.grammar. */

export const Keyword = 1;

export declare function buildWhatIsStale(
  names: readonly ("cli" | "image" | "browser")[],
): Promise<void>;

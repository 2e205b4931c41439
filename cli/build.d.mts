export declare function buildWhatIsStale(wanted: { readonly browser: boolean }): Promise<void>;

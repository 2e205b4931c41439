/**
 * The steps that make a save safe, each by name.
 *
 * Nobody turns one off but the tests of power cuts, which break the protocol
 * one step at a time to prove that they would notice.
 */
export interface Protocol {
  /** The segment is durable before a superblock refers to it. */
  readonly syncSegment: boolean;
  /** The superblock is durable before the save is acknowledged. */
  readonly syncSuperblock: boolean;
  /** The new superblock takes the place of the older one, never of the newest. */
  readonly alternateSlots: boolean;
  /** A rewritten file is durable before it takes its name. */
  readonly syncBeforeRename: boolean;
  /** The name of a rewritten file is durable before the save is acknowledged. */
  readonly syncFolder: boolean;
  /** A segment is written only where no generation that can be opened has any byte. */
  readonly spareLiveSegments: boolean;
  /** What a short write left over is written too. */
  readonly loopShortWrites: boolean;
  /** Checksums and hashes are compared. */
  readonly checkHashes: boolean;
  /** Before a file is opened for writing, what is read from it is made durable. */
  readonly syncOnOpen: boolean;
}

export const soundProtocol: Protocol = {
  syncSegment: true,
  syncSuperblock: true,
  alternateSlots: true,
  syncBeforeRename: true,
  syncFolder: true,
  spareLiveSegments: true,
  loopShortWrites: true,
  checkHashes: true,
  syncOnOpen: true,
};

/**
 * Where a piece of text stands in its material. `start` and `end` are seconds; `paragraph` counts from 1 under its heading; `slide` is
 * the number that the slide shows, which may start at 0.
 */
export type Locator =
  | { page: number }
  | { slide: number }
  | { start: number; end: number }
  | { heading: string[]; paragraph: number }
  | { url: string }

/**
 * What a chunk was in its document. A `heading` chunk's own text is the last element of its locator's heading path, if it
 * has one. A `passage` is one sentence of a lecture, or half a minute of it where captions have no punctuation. `notes` are what
 * stands below a slide for its speaker, a `description` is what stands for a picture: neither is shown on the slide.
 */
export type ChunkKind = 'heading' | 'paragraph' | 'list' | 'table' | 'code' | 'passage' | 'description' | 'notes'

/** A citable piece of extracted text; `order` counts from 1 in reading order. */
export type Chunk = { order: number; kind: ChunkKind; text: string; locator: Locator }

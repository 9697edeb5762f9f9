/** Images as the server sends them: NIfTI-1, little-endian, one file. */

import type { Index } from './wire'

export interface Picture {
  shape: Index
  data: Uint8Array | Int16Array | Float32Array
  /** 3 for red, green and blue a voxel, else 1. */
  samples: 1 | 3
}

const KINDS: Record<number, [1 | 3, (b: ArrayBuffer, at: number, n: number) => Picture['data']]> = {
  2: [1, (buffer, at, n) => new Uint8Array(buffer, at, n)],
  4: [1, (buffer, at, n) => new Int16Array(buffer.slice(at, at + 2 * n))],
  16: [1, (buffer, at, n) => new Float32Array(buffer.slice(at, at + 4 * n))],
  128: [3, (buffer, at, n) => new Uint8Array(buffer, at, n)],
}

/** Voxels of a NIfTI; throws if it is of a kind that the server does not send. */
export function readNifti(buffer: ArrayBuffer): Picture {
  const view = new DataView(buffer)
  if (buffer.byteLength < 352 || view.getInt32(0, true) !== 348)
    throw new Error('the image did not arrive whole; reload the page')
  const shape = [1, 2, 3].map((n) => Math.max(1, view.getInt16(40 + 2 * n, true))) as Index
  const kind = KINDS[view.getInt16(70, true)]
  if (!kind) throw new Error(`an image of NIfTI type ${view.getInt16(70, true)} cannot be shown`)
  const [samples, take] = kind
  const offset = Math.max(352, view.getFloat32(108, true))
  return { shape, samples, data: take(buffer, offset, samples * shape[0] * shape[1] * shape[2]) }
}
